// The finished audiobook with its text: the word that is spoken is marked, and a click on a word jumps to it. One chapter
// of the text is on the page at a time.

const SKIP = 15; // seconds
const SAVE_EVERY = 5; // seconds
const STILL = 4000; // milliseconds without automatic scrolling after the user scrolled
const FADE = 20; // seconds over which the sleep timer fades the volume out
const SPEEDS = [0.75, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2];
const clock = (seconds) => {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(minutes).padStart(hours ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours ? `${hours}:${tail}` : tail;
};

export default {
  template: `
    <div class="read-along">
      <article ref="text" class="read-text serif" :aria-label="chapters[chapter].title" @click="jump"></article>
      <section class="player card" aria-label="Player">
        <label class="player-place">
          <span class="visually-hidden">Place in the chapter</span>
          <input ref="place" type="range" :min="now.start" :max="now.end" step="any" :value="time" :aria-valuetext="told"
            @input="seek(Number($event.target.value))">
          <span class="small muted numbers" aria-hidden="true"><span>{{ clock(time - now.start) }}</span><span>−{{ clock((now.end - time) / speed) }}</span></span>
        </label>
        <div class="player-buttons">
          <button type="button" class="button quiet" aria-label="Previous chapter" title="Previous chapter ([)" :disabled="chapter === 0"
            @click="go(chapter - 1)"><svg class="icon" aria-hidden="true"><use :href="icons + '#back'"></use></svg></button>
          <button type="button" class="button quiet numbers" aria-label="Back 15 seconds" title="Back 15 seconds (←)" @click="seek(time - 15)">−15</button>
          <button type="button" class="button primary player-main" :aria-label="playing ? 'Pause' : 'Play'" title="Play or pause (Space)"
            @click="toggle"><svg class="icon" aria-hidden="true"><use :href="icons + (playing ? '#pause' : '#play')"></use></svg></button>
          <button type="button" class="button quiet numbers" aria-label="Forward 15 seconds" title="Forward 15 seconds (→)" @click="seek(time + 15)">+15</button>
          <button type="button" class="button quiet" aria-label="Next chapter" title="Next chapter (])" :disabled="chapter === chapters.length - 1"
            @click="go(chapter + 1)"><svg class="icon" aria-hidden="true"><use :href="icons + '#next'"></use></svg></button>
        </div>
        <div class="player-choices">
          <label><span class="visually-hidden">Chapter</span>
            <select class="input" :value="chapter" @change="go(Number($event.target.value))">
              <option v-for="(each, index) in chapters" :key="index" :value="index">{{ each.title }}</option>
            </select></label>
          <label><span class="visually-hidden">Speed</span>
            <select class="input numbers" :value="speed" @change="setSpeed(Number($event.target.value))">
              <option v-for="each in speeds" :key="each" :value="each">{{ each }}×</option>
            </select></label>
          <label><span class="visually-hidden">Sleep timer</span>
            <select class="input" :value="sleep" @change="setSleep($event.target.value)">
              <option value="">{{ 'No timer' }}</option>
              <option value="chapter">Stop at chapter end</option>
              <option v-for="each in [5, 15, 30, 45, 60]" :key="each" :value="each">Stop in {{ each }} min</option>
            </select></label>
          <button type="button" class="button wrong" @click="report" title="Send this sentence to the review (W)">
            <svg class="icon" aria-hidden="true"><use :href="icons + '#warning'"></use></svg><span>Something is wrong here</span></button>
        </div>
      </section>
      <audio ref="audio" preload="metadata" @play="began" @pause="stopped" @ended="ended" @error="failed"></audio>
    </div>`,
  props: {
    title: String,
    author: String,
    cover: String,
    chapters: Array, // of {title, file, start, end}
    files: Array, // addresses
    texts: String, // address of a chapter's text without its index
    start: Object, // {chapter, seconds, speed}
    icons: String,
  },
  emits: ["place", "report"],
  data() {
    return { chapter: this.start.chapter, time: this.start.seconds, speed: this.start.speed, playing: false, sleep: "", speeds: SPEEDS };
  },
  computed: {
    now() {
      return this.chapters[this.chapter];
    },
    told() {
      return `${clock(this.time - this.now.start)} of ${clock(this.now.end - this.now.start)}`;
    },
  },
  mounted() {
    this.words = [];
    this.scrolledAt = 0;
    this.savedAt = 0;
    if (!SPEEDS.includes(this.speed)) this.speed = 1;
    this.touched = () => (this.scrolledAt = Date.now());
    for (const event of ["wheel", "touchmove"]) window.addEventListener(event, this.touched, { passive: true });
    document.addEventListener("keydown", this.shortcut);
    document.addEventListener("visibilitychange", this.save);
    this.open(this.chapter, this.time);
    this.media();
  },
  beforeUnmount() {
    this.playing = false;
    this.$refs.audio.pause();
  },
  unmounted() {
    for (const event of ["wheel", "touchmove"]) window.removeEventListener(event, this.touched);
    document.removeEventListener("keydown", this.shortcut);
    document.removeEventListener("visibilitychange", this.save);
  },
  methods: {
    clock,
    // Opens a chapter at a place of its file; its text comes meanwhile.
    open(chapter, seconds) {
      const player = this.$refs.audio;
      this.chapter = chapter;
      this.time = Math.max(this.now.start, Math.min(seconds, this.now.end));
      const address = this.files[this.now.file];
      if (player.getAttribute("src") !== address) {
        const go = this.playing;
        player.src = address;
        player.addEventListener("loadedmetadata", () => {
          player.currentTime = this.time;
          player.playbackRate = this.speed;
          if (go) player.play().catch(() => {});
        }, { once: true });
      } else if (Math.abs(player.currentTime - this.time) > 0.05) player.currentTime = this.time;
      player.defaultPlaybackRate = player.playbackRate = this.speed;
      if (this.shownChapter !== chapter) this.showText(chapter);
      else this.mark(true);
      this.media();
    },
    async showText(chapter) {
      this.shownChapter = chapter;
      this.words = [];
      const answer = await fetch(this.texts + chapter).catch(() => null);
      if (!answer?.ok) return tell("The text of this chapter could not be loaded. Check that the studio is still running, then reload the page.", true);
      const sentences = await answer.json();
      if (this.shownChapter !== chapter) return;
      const page = document.createDocumentFragment();
      let block = null;
      let paragraph = null;
      const words = [];
      for (const sentence of sentences) {
        if (sentence.block !== block) {
          block = sentence.block;
          paragraph = document.createElement(sentence.is_heading ? "h2" : "p");
          paragraph.dir = "auto";
          page.append(paragraph);
        }
        const whole = document.createElement("span");
        whole.className = "sentence";
        for (const [text, start, end] of sentence.words) {
          const word = document.createElement("span");
          word.className = "word";
          word.textContent = text;
          word.dataset.word = words.length;
          words.push({ start, end, word, whole, chunk: sentence.chunk });
          whole.append(word, " ");
        }
        paragraph.append(whole);
      }
      this.$refs.text.replaceChildren(page);
      this.words = words;
      this.marked = null;
      this.mark(true);
    },
    // The word at this time, or the last one before it.
    at(time) {
      let [low, high] = [0, this.words.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.words[middle].start <= time + 0.02) low = middle + 1;
        else high = middle;
      }
      return this.words[Math.max(0, low - 1)];
    },
    mark(isJump = false) {
      const found = this.at(this.time);
      if (!found || (found === this.marked && !isJump)) return;
      if (this.marked?.whole !== found.whole) {
        this.marked?.whole.classList.remove("being-read");
        found.whole.classList.add("being-read");
      }
      this.marked?.word.classList.remove("now");
      found.word.classList.add("now");
      this.marked = found;
      this.follow(found.word, isJump);
    },
    follow(word, isJump) {
      if (!isJump && Date.now() - this.scrolledAt < STILL) return;
      const box = word.getBoundingClientRect();
      const bottom = this.$el.querySelector(".player").getBoundingClientRect().top;
      if (box.top > 80 && box.bottom < bottom - 40) return;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches || isJump;
      window.scrollBy({ top: box.top - (bottom - 60) * 0.35, behavior: calm ? "instant" : "smooth" });
    },
    jump(event) {
      const index = event.target.closest(".word")?.dataset.word;
      if (index === undefined || String(getSelection())) return;
      this.seek(this.words[index].start);
    },
    seek(seconds) {
      const inside = (each) => each.file === this.now.file && each.start <= seconds && seconds < each.end;
      const other = inside(this.now) ? this.chapter : this.chapters.findIndex(inside);
      this.open(other < 0 ? this.chapter : other, seconds);
      this.save();
    },
    go(chapter) {
      if (chapter < 0 || chapter >= this.chapters.length) return;
      this.open(chapter, this.chapters[chapter].start);
      this.save();
    },
    sentence(by) {
      const first = this.words.findIndex((each) => each.whole === this.marked?.whole);
      if (first < 0) return;
      const step = by > 0 ? this.words.slice(first).find((each) => each.whole !== this.marked.whole) : this.words[first - 1];
      const target = by > 0 ? step : step && this.words.find((each) => each.whole === step.whole);
      this.seek((target ?? this.words[first]).start);
    },
    toggle() {
      const player = this.$refs.audio;
      if (player.paused) player.play().catch(() => {});
      else player.pause();
    },
    began() {
      this.playing = true;
      const follow = () => {
        if (!this.playing) return;
        this.tick();
        requestAnimationFrame(follow);
      };
      follow();
    },
    tick() {
      const player = this.$refs.audio;
      if (player.seeking || player.readyState < 1) return;
      this.time = player.currentTime;
      if (this.time >= this.now.end - 0.01 && this.now.end < player.duration - 0.05) {
        if (this.sleep === "chapter") return this.fallAsleep();
        const next = this.chapters.findIndex((each) => each.file === this.now.file && each.start <= this.time && this.time < each.end);
        if (next >= 0 && next !== this.chapter) {
          this.chapter = next;
          this.showText(next);
          this.media();
        }
      }
      this.mark();
      if (this.sleepAt) {
        const left = (this.sleepAt - Date.now()) / 1000;
        player.volume = Math.max(0, Math.min(1, left / FADE));
        if (left <= 0) this.fallAsleep();
      }
      if (Date.now() - this.savedAt > SAVE_EVERY * 1000) this.save();
    },
    stopped() {
      this.playing = false;
      this.save();
    },
    ended() {
      this.playing = false;
      if (this.chapter === this.chapters.length - 1 || this.sleep === "chapter") return this.fallAsleep();
      this.playing = true; // goes on in the next file
      this.open(this.chapter + 1, this.chapters[this.chapter + 1].start);
    },
    failed() {
      if (this.$refs.audio.getAttribute("src")) tell("The audiobook could not be played. Check that the studio is still running, then reload the page.", true);
    },
    setSpeed(speed) {
      this.speed = speed;
      const player = this.$refs.audio;
      player.defaultPlaybackRate = player.playbackRate = speed;
      this.save();
    },
    setSleep(value) {
      this.sleep = value;
      this.sleepAt = Number(value) ? Date.now() + Number(value) * 60000 : null;
      this.$refs.audio.volume = 1;
    },
    fallAsleep() {
      this.$refs.audio.pause();
      this.setSleep("");
    },
    save() {
      this.savedAt = Date.now();
      this.$emit("place", { chapter: this.chapter, seconds: this.time, speed: this.speed });
    },
    report() {
      const found = this.marked;
      if (!found) return;
      const text = this.words.filter((each) => each.whole === found.whole).map((each) => each.word.textContent).join(" ");
      this.$emit("report", { chunk: found.chunk, text });
    },
    media() {
      if (!("mediaSession" in navigator)) return;
      const artwork = this.cover ? [{ src: this.cover }] : [];
      navigator.mediaSession.metadata = new MediaMetadata({ title: this.now.title, artist: this.author, album: this.title, artwork });
      const acts = {
        seekbackward: () => this.seek(this.time - SKIP),
        seekforward: () => this.seek(this.time + SKIP),
        previoustrack: () => this.go(this.chapter - 1),
        nexttrack: () => this.go(this.chapter + 1),
      };
      for (const [name, act] of Object.entries(acts)) navigator.mediaSession.setActionHandler(name, act);
    },
    shortcut(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, dialog, [type=text], textarea")) return;
      const isSlider = event.target.closest("[type=range]");
      const key = event.key;
      if (key === " " && !event.target.closest("button, a, summary")) this.toggle();
      else if (key === "ArrowLeft" && !isSlider) this.seek(this.time - SKIP);
      else if (key === "ArrowRight" && !isSlider) this.seek(this.time + SKIP);
      else if (key === "[") this.go(this.chapter - 1);
      else if (key === "]") this.go(this.chapter + 1);
      else if (key === ",") this.sentence(-1);
      else if (key === ".") this.sentence(1);
      else if (key === "w" || key === "W") this.report();
      else if (key === "?") document.querySelector("#listen-keys").showModal();
      else return;
      event.preventDefault();
    },
  },
};
