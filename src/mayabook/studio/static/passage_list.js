// The chunks of a review as a list that draws only what is in view, so that ten thousand scroll like ten; and the keys
// of the whole page.

const ROW = 68; // pixels
const SPARE = 6; // rows drawn above and below the view
const KEYS = { a: "accept", r: "redo", t: "keep", u: "undo" };

export default {
  template: `
    <div class="passage-list">
      <label class="field">
        <span class="visually-hidden">Passages to show</span>
        <select class="input" v-model="filter">
          <option v-for="[name, label] in filters" :key="name" :value="name">{{ label }}</option>
        </select>
      </label>
      <div class="passages card" ref="view" role="listbox" aria-label="Passages" tabindex="0" @scroll.passive="scrolled"
        :aria-activedescendant="active" @keydown="press">
        <div :style="{ height: shown.length * ${ROW} + 'px' }" role="presentation">
          <div v-for="index in drawn" :key="shown[index].number" :id="'passage-' + shown[index].number" role="option"
            class="passage" :style="{ top: index * ${ROW} + 'px' }" :aria-selected="shown[index].number === chosen"
            :aria-posinset="index + 1" :aria-setsize="shown.length" @click="choose(index)">
            <span class="dot" :style="{ background: colour(shown[index].state) }" aria-hidden="true"></span>
            <span class="passage-text" dir="auto">{{ shown[index].text }}</span>
            <span class="passage-about muted">{{ about(shown[index]) }}</span>
          </div>
        </div>
        <p v-if="ready && !shown.length" class="muted small passage-none">{{ none }}</p>
      </div>
    </div>`,
  props: {
    source: String, // address of the rows
    states: Array, // of [name, CSS variable of its colour, whether a person should decide]
    chosen: Number,
  },
  emits: ["choose", "next", "act"],
  data: () => ({ rows: [], filter: "open", top: 0, height: 600, ready: false }),
  computed: {
    asking() {
      return new Set(this.states.filter(([, , asks]) => asks).map(([name]) => name));
    },
    filters() {
      const counts = new Map();
      for (const row of this.rows) counts.set(row.state, (counts.get(row.state) ?? 0) + 1);
      const count = (number) => ` (${number.toLocaleString("en")})`;
      const asking = this.rows.filter((row) => this.asking.has(row.state)).length;
      return [
        ["open", "To decide" + count(asking)],
        ["all", "All passages" + count(this.rows.length)],
        ...this.states.filter(([name]) => counts.has(name) || name === this.filter).map(([name]) => [name, name[0].toUpperCase() + name.slice(1) + count(counts.get(name) ?? 0)]),
      ];
    },
    shown() {
      if (this.filter === "all") return this.rows;
      if (this.filter === "open") return this.rows.filter((row) => this.asking.has(row.state));
      return this.rows.filter((row) => row.state === this.filter);
    },
    drawn() {
      const first = Math.max(0, Math.floor(this.top / ROW) - SPARE);
      const last = Math.min(this.shown.length, Math.ceil((this.top + this.height) / ROW) + SPARE);
      return Array.from({ length: Math.max(0, last - first) }, (_, place) => first + place);
    },
    place() {
      return this.shown.findIndex((row) => row.number === this.chosen);
    },
    active() {
      return this.drawn.includes(this.place) ? `passage-${this.chosen}` : null;
    },
    none() {
      return this.filter === "open" ? "Nothing is left to decide." : "No passages in this state.";
    },
  },
  watch: {
    chosen() {
      this.$nextTick(this.reveal);
    },
    filter() {
      this.$refs.view.scrollTop = 0;
      this.$nextTick(this.reveal);
    },
  },
  async mounted() {
    this.watcher = new ResizeObserver(() => (this.height = this.$refs.view.clientHeight));
    this.watcher.observe(this.$refs.view);
    document.addEventListener("keydown", this.shortcut);
    await this.reload();
    if (this.chosen && this.place < 0) this.filter = "all";
    if (!this.chosen && !this.shown.length && this.rows.length) this.filter = "all";
    if (!this.chosen && this.shown.length) this.choose(0);
  },
  unmounted() {
    this.watcher.disconnect();
    document.removeEventListener("keydown", this.shortcut);
  },
  methods: {
    async reload() {
      const answer = await fetch(this.source);
      if (!answer.ok) return;
      const { chapters, rows } = await answer.json();
      // Frozen: Vue need not watch ten thousand rows that never change.
      this.rows = Object.freeze(rows.map(([number, chapter, state, risk, takes, text]) => Object.freeze({
        number, chapter: chapters[chapter], state: this.states[state][0], risk, takes, text,
      })));
      this.ready = true;
    },
    colour(state) {
      return `var(${this.states.find(([name]) => name === state)[1]})`;
    },
    about(row) {
      const risk = row.risk ? `risk ${row.risk.toFixed(2)}` : "";
      return [row.number.toLocaleString("en"), row.chapter, row.state, risk].filter(Boolean).join(" · ");
    },
    choose(index) {
      const row = this.shown[index];
      if (row) this.$emit("choose", { number: row.number, next: this.after(index) });
    },
    after(index) {
      return (this.shown[index + 1] ?? this.shown[index - 1])?.number ?? null;
    },
    // Called after a decision, when the page has moved to the next passage: tells the server which one comes after it.
    tellNext() {
      this.$nextTick(() => this.place >= 0 && this.$emit("next", this.after(this.place)));
    },
    move(by) {
      if (!this.shown.length) return;
      const place = this.place < 0 ? (by > 0 ? -1 : 1) : this.place;
      this.choose(Math.min(this.shown.length - 1, Math.max(0, place + by)));
    },
    scrolled() {
      this.top = this.$refs.view.scrollTop;
    },
    reveal() {
      const view = this.$refs.view;
      if (!view || this.place < 0) return;
      const top = this.place * ROW;
      if (top < view.scrollTop) view.scrollTop = top;
      else if (top + ROW > view.scrollTop + view.clientHeight) view.scrollTop = top + ROW - view.clientHeight;
    },
    press(event) {
      const page = Math.max(1, Math.floor(this.height / ROW) - 1);
      const far = this.shown.length;
      const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -far, End: far }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      this.move(by);
    },
    shortcut(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest("input, textarea, select, dialog")) return;
      const key = event.key.toLowerCase();
      if (key === "?") document.querySelector("#review-keys").showModal();
      else if (key === "n" || key === "j") this.move(1);
      else if (key === "p" || key === "k") this.move(-1);
      // Focused here rather than by the server, so that no keystroke is lost.
      else if (key === "c") document.querySelector("#review-note")?.focus();
      else if (key === "e") document.querySelector("#review-edit")?.showModal();
      else if (key in KEYS) this.$emit("act", KEYS[key]);
      else if (/^[1-9]$/.test(key)) document.dispatchEvent(new CustomEvent("play-take", { detail: Number(key) }));
      else if (key === " " && !event.target.closest("button, a, summary, [role=slider]"))
        document.dispatchEvent(new CustomEvent("play-take", { detail: 0 }));
      else return;
      event.preventDefault();
    },
  },
};
