// A take: waveform above, spectrogram below, with the findings and the playback position marked. Only one take on the
// page plays at a time; when another is started, it continues at the same position.

const WAVE = 44; // pixels
const SPECTRUM = 84;
const STEP = 0.5; // seconds that an arrow key moves

let latest = null; // the take that played last

export default {
  template: `
    <div class="take-view">
      <button type="button" class="button" :aria-pressed="playing" :aria-label="(playing ? 'Pause take ' : 'Play take ') + number"
        @click="toggle()">
        <svg class="icon" aria-hidden="true"><use :href="icons + (playing ? '#pause' : '#play')"></use></svg>
        <span aria-hidden="true">{{ number }}</span>
      </button>
      <canvas ref="canvas" tabindex="0" role="slider" :aria-label="'Place in take ' + number" aria-valuemin="0"
        :aria-valuemax="Math.round(seconds * 10) / 10" :aria-valuenow="Math.round(time * 10) / 10" :aria-valuetext="told"
        @pointerdown="seek" @keydown="press"></canvas>
      <audio ref="audio" :src="audio" preload="none" @play="began" @pause="stopped" @ended="stopped" @error="failed"></audio>
    </div>`,
  props: {
    number: Number,
    audio: String, // address
    picture: String, // address
    marks: Array, // of [start, end, what]
    seconds: Number,
    icons: String, // address
    kept: Boolean,
  },
  data: () => ({ playing: false, time: 0 }),
  computed: {
    told() {
      const here = this.marks.filter(([start, end]) => start <= this.time && this.time <= end).map(([, , what]) => what);
      return [`${this.time.toFixed(1)} of ${this.seconds.toFixed(1)} seconds`, ...here].join(", ");
    },
  },
  mounted() {
    if (this.kept) latest = this;
    this.size = new ResizeObserver(() => this.draw());
    this.size.observe(this.$refs.canvas);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.draw);
    document.addEventListener("play-take", this.asked);
    this.seen = new IntersectionObserver((entries) => entries.some((each) => each.isIntersecting) && this.load());
    this.seen.observe(this.$el);
  },
  beforeUnmount() {
    this.$refs.audio.pause();
    this.playing = false;
  },
  unmounted() {
    if (latest === this) latest = null;
    this.size.disconnect();
    this.theme.disconnect();
    this.seen.disconnect();
    this.scheme.removeEventListener("change", this.draw);
    document.removeEventListener("play-take", this.asked);
  },
  methods: {
    async load() {
      this.seen.disconnect();
      const answer = await fetch(this.picture);
      if (!answer.ok) return;
      this.shape = await answer.json();
      this.shape.levels = Uint8Array.from(atob(this.shape.bands), (char) => char.charCodeAt(0));
      this.draw();
    },
    asked({ detail }) {
      if (detail === this.number || (!detail && latest === this)) this.toggle();
    },
    toggle() {
      const player = this.$refs.audio;
      if (!player.paused) return player.pause();
      let from = this.time >= this.seconds - 0.05 ? 0 : this.time;
      if (latest && latest !== this && latest.playing) from = (latest.time / latest.seconds) * this.seconds;
      this.play(from);
    },
    play(from) {
      if (latest && latest !== this) latest.$refs.audio?.pause();
      latest = this;
      emitEvent("take-played", this.number); // of nicegui.js
      const player = this.$refs.audio;
      player.currentTime = from;
      this.time = from;
      player.play().catch(() => {});
    },
    began() {
      this.playing = true;
      const follow = () => {
        if (!this.playing) return;
        this.time = this.$refs.audio.currentTime;
        this.draw();
        requestAnimationFrame(follow);
      };
      follow();
    },
    stopped() {
      this.playing = false;
      if (this.$refs.audio) this.time = this.$refs.audio.currentTime;
      this.draw();
    },
    failed() {
      if (this.playing || latest === this) tell("The take could not be played. Check that the studio is still running, then reload the page.", true);
    },
    seek(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      this.play(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * this.seconds);
    },
    press(event) {
      const by = { ArrowRight: STEP, ArrowUp: STEP, ArrowLeft: -STEP, ArrowDown: -STEP, Home: -Infinity, End: Infinity }[event.key];
      if (event.key === " " || event.key === "Enter") this.toggle();
      else if (by === undefined) return;
      else {
        this.time = Math.max(0, Math.min(this.seconds, this.time + by));
        this.$refs.audio.currentTime = this.time;
        this.draw();
      }
      event.preventDefault();
    },
    colours() {
      const probe = document.createElement("span");
      this.$el.append(probe);
      const found = {};
      for (const name of ["ink", "muted", "accent", "flagged", "surface"]) {
        probe.style.color = `var(--${name})`;
        found[name] = getComputedStyle(probe).color;
      }
      probe.remove();
      return found;
    },
    draw() {
      const canvas = this.$refs.canvas;
      if (!canvas || !this.shape) return;
      const scale = devicePixelRatio || 1;
      const width = canvas.clientWidth;
      const height = WAVE + SPECTRUM;
      if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
      if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
      const colour = this.colours();
      const theme = Object.values(colour).join();
      const pen = canvas.getContext("2d");
      pen.setTransform(scale, 0, 0, scale, 0, 0);
      pen.clearRect(0, 0, width, height);
      if (this.drawnTheme !== theme) {
        this.spectrum = this.spectrogram(colour.ink);
        this.drawnTheme = theme;
      }
      pen.imageSmoothingEnabled = true;
      pen.drawImage(this.spectrum, 0, WAVE, width, SPECTRUM);
      pen.fillStyle = colour.accent;
      const { peaks } = this.shape;
      const loudest = Math.max(0.05, ...peaks);
      for (let x = 0; x < width; x += 2) {
        const part = peaks.slice(Math.floor((x / width) * peaks.length), Math.ceil(((x + 2) / width) * peaks.length));
        const tall = Math.max(1, (Math.max(...part) / loudest) * (WAVE - 4));
        pen.fillRect(x, (WAVE - tall) / 2, 1.4, tall);
      }
      for (const [start, end] of this.marks) {
        const left = (start / this.seconds) * width;
        const wide = Math.max(3, ((end - start) / this.seconds) * width);
        pen.globalAlpha = 0.2;
        pen.fillStyle = colour.flagged;
        pen.fillRect(left, 0, wide, height);
        pen.globalAlpha = 1;
        pen.fillRect(left, 0, wide, 3);
        pen.fillRect(left, height - 3, wide, 3);
      }
      pen.fillStyle = colour.ink;
      const at = (this.time / this.seconds) * width;
      if (this.time > 0 || this.playing) pen.fillRect(Math.min(width - 2, at - 1), 0, 2, height);
    },
    spectrogram(ink) {
      const { n_frames: wide, n_bands: tall, levels } = this.shape;
      const picture = Object.assign(document.createElement("canvas"), { width: wide, height: tall });
      const pen = picture.getContext("2d");
      pen.fillStyle = ink;
      pen.fillRect(0, 0, 1, 1);
      const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
      const image = pen.createImageData(wide, tall);
      for (let x = 0; x < wide; x++)
        for (let band = 0; band < tall; band++) {
          const level = levels[x * tall + band] / 255;
          image.data.set([red, green, blue, 255 * level * level], 4 * ((tall - 1 - band) * wide + x));
        }
      pen.putImageData(image, 0, 0);
      return picture;
    },
  },
};
