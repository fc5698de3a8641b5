// A picture of the whole book: one cell for each chunk, coloured by its state. It is drawn on a canvas, so that ten
// thousand chunks cost as little as ten.

const GAP = 2;
const SIZES = [16, 13, 11, 9, 7, 5];
const MOST_ROWS = 34;

export default {
  template: `
    <div class="book-map">
      <canvas ref="canvas" tabindex="0" role="slider" :aria-label="label" aria-valuemin="1" :aria-valuemax="states.length"
        :aria-valuenow="cursor + 1" :aria-valuetext="about" @pointermove="point" @pointerleave="leave" @click="choose"
        @keydown="press" @focus="focus(true)" @blur="focus(false)"></canvas>
      <p class="small muted" aria-hidden="true">{{ about || hint }}</p>
    </div>`,
  props: {
    label: String,
    hint: String,
    states: { type: String, default: "" }, // one digit for each chunk: its place in `kinds`
    kinds: { type: Array, default: () => [] }, // of {label, color, mark}; color: name of a CSS variable
    chapters: { type: Array, default: () => [] }, // of [first chunk from 0, title]
  },
  emits: ["choose"],
  data: () => ({ cursor: 0, hovered: null, isFocused: false }),
  computed: {
    about() {
      const index = this.hovered ?? (this.isFocused ? this.cursor : null);
      if (index === null || index >= this.states.length) return "";
      const chapter = this.chapters.findLast(([first]) => first <= index);
      const kind = this.kinds[Number(this.states[index])];
      return [`Chunk ${(index + 1).toLocaleString("en")}`, chapter?.[1], kind?.label].filter(Boolean).join(" · ");
    },
  },
  watch: {
    states: "draw",
    chapters: "draw",
  },
  mounted() {
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.$el);
    this.theme = new MutationObserver(() => this.draw());
    this.theme.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", this.draw);
  },
  unmounted() {
    this.watcher.disconnect();
    this.theme.disconnect();
    this.scheme.removeEventListener("change", this.draw);
  },
  methods: {
    focus(isFocused) {
      this.isFocused = isFocused;
      this.draw();
    },
    layout() {
      const width = this.$el.clientWidth;
      const count = this.states.length;
      for (const size of SIZES) {
        const columns = Math.max(1, Math.floor((width + GAP) / (size + GAP)));
        const rows = Math.ceil(count / columns);
        if (rows <= MOST_ROWS || size === SIZES.at(-1)) return { size, columns, rows, step: size + GAP };
      }
    },
    colour(name) {
      // A canvas knows no light-dark(): the browser works the colour out for an element.
      const probe = document.createElement("i");
      probe.style.color = `var(${name})`;
      this.$el.append(probe);
      const colour = getComputedStyle(probe).color;
      probe.remove();
      return colour;
    },
    draw() {
      const canvas = this.$refs.canvas;
      if (!canvas || !this.$el.clientWidth) return;
      const { size, columns, rows, step } = (this.grid = this.layout());
      const scale = devicePixelRatio || 1;
      const [width, height] = [columns * step - GAP, Math.max(rows, 1) * step - GAP];
      canvas.width = width * scale;
      canvas.height = height * scale;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      const pen = canvas.getContext("2d");
      pen.scale(scale, scale);
      // One path for each colour: a path for each cell takes ten times as long.
      const cells = this.kinds.map(() => new Path2D());
      const marks = new Path2D();
      const round = size >= 9 ? size / 4 : 0;
      for (let index = 0; index < this.states.length; index++) {
        const kind = Number(this.states[index]);
        const [x, y] = [(index % columns) * step, Math.floor(index / columns) * step];
        if (round) cells[kind].roundRect(x, y, size, size, round);
        else cells[kind].rect(x, y, size, size);
        if (this.kinds[kind]?.mark && size > 5) {
          marks.moveTo(x + size / 2, y + size / 2);
          marks.arc(x + size / 2, y + size / 2, size / 5, 0, 7);
        }
      }
      cells.forEach((path, kind) => {
        pen.fillStyle = this.colour(this.kinds[kind].color);
        pen.fill(path);
      });
      pen.fillStyle = this.colour("--surface");
      pen.fill(marks);
      pen.fillStyle = this.colour("--muted");
      for (const [first] of this.chapters)
        if (first) pen.fillRect((first % columns) * step - GAP, Math.floor(first / columns) * step, GAP, size);
      if (this.isFocused) {
        pen.strokeStyle = this.colour("--ink");
        pen.lineWidth = 2;
        pen.strokeRect((this.cursor % columns) * step, Math.floor(this.cursor / columns) * step, size, size);
      }
    },
    at(event) {
      const box = this.$refs.canvas.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left) / this.grid.step);
      const index = Math.floor((event.clientY - box.top) / this.grid.step) * this.grid.columns + column;
      return column >= 0 && column < this.grid.columns && index >= 0 && index < this.states.length ? index : null;
    },
    point(event) {
      this.hovered = this.at(event);
    },
    leave() {
      this.hovered = null;
    },
    choose(event) {
      const index = this.at(event);
      if (index !== null) this.$emit("choose", index);
    },
    press(event) {
      const moves = {
        ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.grid.columns, ArrowUp: -this.grid.columns,
        Home: -this.states.length, End: this.states.length,
      };
      if (event.key in moves) {
        event.preventDefault();
        this.hovered = null;
        this.cursor = Math.min(Math.max(this.cursor + moves[event.key], 0), this.states.length - 1);
        this.draw();
      } else if (event.key === "Enter") {
        this.$emit("choose", this.cursor);
      }
    },
  },
};
