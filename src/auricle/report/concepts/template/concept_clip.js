// Whatever can be played on a concepts page: a whole clip with its concepts, or a short stretch of one.

const pieces = [];
const looks = { opacity: 0.9, for: true, against: true, warped: true, dark: false, mark: null };
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let heard = null; // the piece that was used last: keys are for it
let speakers = null;

class OnePlayer extends Player {
  async load() {
    this.context = speakers ??= new AudioContext(); // one for all: a browser gives only a few
    return super.load();
  }
}

class Piece {
  constructor(block) {
    this.block = block;
    this.moved = 0;
    this.data = JSON.parse(block.querySelector("script[data-piece]").textContent);
    this.views = this.find(".picture").map((frame) => ({ frame, head: frame.querySelector(".playhead"), picture: this.picture(frame) }));
    this.player = new OnePlayer(this.data.sources, this.data.seconds, () => this.changed());
    for (const button of this.find("[data-sound]")) {
      button.addEventListener("click", () => this.hear(button.dataset.sound, button.dataset.plays !== undefined));
    }
    for (const button of this.find("[data-action=play]")) button.addEventListener("click", () => this.toggle());
    for (const button of this.find("[data-action=loop]")) button.addEventListener("click", () => this.loop());
    for (const view of this.views) this.pointing(view);
    block.addEventListener("focusin", () => (heard = this));
    pieces.push(this);
  }

  find(selector) {
    return [...this.block.querySelectorAll(selector)];
  }

  picture(frame) {
    return new CropPicture(frame.querySelector("canvas"), this.data, this.data.maps[0]);
  }

  // --- hearing --------------------------------------------------------------------------------------------

  // What is chosen, whatever its loudness.
  get chosen() {
    return this.player.chosen.replace(/-equal$/, "");
  }

  choose(id) {
    heard = this;
    this.player.choose(id);
  }

  // A button that plays also stops what it plays.
  hear(id, plays) {
    if (plays && this.player.playing && this.chosen === id) return this.toggle();
    this.choose(id);
    if (plays && !this.player.playing) this.toggle();
  }

  async toggle() {
    heard = this;
    for (const other of pieces) if (other !== this && other.player.playing) other.player.pause();
    try {
      await this.player.toggle();
    } catch (error) {
      this.player.rest(this.player.offset);
      this.say(`This browser cannot play the sound (${error.message}).`);
    }
  }

  loop() {
    this.player.setLoop(!this.player.loop);
  }

  say(text) {
    clearTimeout(this.spoken);
    this.spoken = setTimeout(() => {
      for (const status of this.find("[role=status]")) status.textContent = text;
    }, 80);
  }

  changed() {
    const { player } = this;
    for (const button of this.find("[data-sound]")) {
      const mine = button.dataset.sound === this.chosen;
      const plays = button.dataset.plays !== undefined;
      button.setAttribute("aria-pressed", String(mine && (player.playing || !plays)));
      button.dataset.playing = String(mine && player.playing);
    }
    for (const button of this.find("[data-action=play]")) {
      button.setAttribute("aria-label", player.playing ? "Pause" : "Play");
      button.dataset.playing = String(player.playing);
    }
    for (const button of this.find("[data-action=loop]")) button.setAttribute("aria-pressed", String(player.loop));
    const named = this.find("[data-sound]").find((button) => button.dataset.sound === this.chosen);
    this.say(`${player.playing ? "Playing" : "Paused"}: ${named?.dataset.name ?? this.chosen}`);
    this.follow();
    if (player.playing) requestAnimationFrame(() => this.tick());
  }

  tick() {
    if (!this.player.playing) return;
    const now = performance.now();
    if (!calm.matches || now - this.moved > 250) {
      this.moved = now;
      this.follow();
    }
    requestAnimationFrame(() => this.tick());
  }

  // --- seeing ---------------------------------------------------------------------------------------------

  draw() {
    for (const { picture, frame } of this.views) if (frame.clientWidth) picture.draw(looks);
    this.follow();
  }

  follow() {
    const { position } = this.player;
    const text = `${(position + this.data.start).toFixed(2)} s`;
    for (const { picture, frame, head } of this.views) {
      if (!picture.place) continue;
      head.hidden = !this.player.playing && position === 0;
      head.style.transform = `translateX(${picture.x(position).toFixed(2)}px)`;
      head.style.height = `${picture.place.height - 4}px`;
      if (frame.getAttribute("role") !== "slider") continue;
      frame.setAttribute("aria-valuenow", position.toFixed(3));
      frame.setAttribute("aria-valuetext", `${text} of ${this.data.seconds.toFixed(2)} s`);
    }
    for (const clock of this.find("[data-clock]")) clock.textContent = text;
  }

  pointing({ picture, frame }) {
    const place = (event) => {
      const box = picture.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const seek = (event) => {
      heard = this;
      this.player.seek(picture.seconds(place(event)[0]));
    };
    picture.canvas.addEventListener("pointerdown", (event) => event.button === 0 && seek(event));
    picture.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) seek(event);
      const where = frame.dataset.name ? `${frame.dataset.name}: ` : "";
      const text = picture.read(...place(event));
      for (const line of this.find("[data-readout]")) line.textContent = text && where + text;
    });
    picture.canvas.addEventListener("pointerleave", () => {
      for (const line of this.find("[data-readout]")) line.textContent = "";
    });
  }

  keys() {
    const step = this.data.seconds / 50;
    return {
      " ": () => this.toggle(),
      l: () => this.loop(),
      ArrowLeft: () => this.player.seek(this.player.position - step),
      ArrowRight: () => this.player.seek(this.player.position + step),
      Home: () => this.player.seek(0),
      End: () => this.player.seek(this.data.seconds),
    };
  }
}

// A clip with all its maps. Its sounds: original, standard, concept-1 … concept-K, rest.
class ClipPiece extends Piece {
  constructor(block) {
    super(block);
    this.equal = false;
    this.large = this.views.find(({ frame }) => frame.dataset.map === undefined).picture;
    for (const button of this.find("[data-action=equal]")) button.addEventListener("click", () => this.turnEqual());
    this.changed();
  }

  picture(frame) {
    const canvas = frame.querySelector("canvas");
    const { map } = frame.dataset;
    if (map !== undefined) return new MapPicture(canvas, this.data, this.data.maps[+map]);
    const large = new SoundPicture(canvas, this.data, this.data.maps[0]);
    large.show(null);
    return large;
  }

  choose(id) {
    const louder = `${id}-equal`;
    super.choose(this.equal && this.data.sources.some((source) => source.id === louder) ? louder : id);
  }

  turnEqual() {
    this.equal = !this.equal;
    for (const button of this.find("[data-action=equal]")) button.setAttribute("aria-pressed", String(this.equal));
    this.choose(this.chosen);
  }

  changed() {
    super.changed();
    if (!this.large) return;
    const place = this.chosen === "standard" ? 0 : this.chosen.startsWith("concept-") ? +this.chosen.slice(8) : null;
    if (place !== this.large.shown) {
      this.large.show(place);
      if (this.large.place) this.large.draw(looks);
    }
    for (const line of this.find("[data-shown]")) {
      line.textContent = place === null ? "Laid over it: nothing. Choose a sound above to see its relevance here." : `Laid over it: the relevance of ${this.data.maps[place].name}.`;
    }
    for (const card of this.find("[data-card]")) card.classList.toggle("chosen", card.dataset.card === this.chosen);
  }

  keys() {
    const found = { ...super.keys(), s: () => this.choose("standard"), r: () => this.choose("rest"), o: () => this.choose("original") };
    found[0] = found.o;
    this.data.maps.slice(1, 10).forEach((_, i) => (found[i + 1] = () => this.choose(`concept-${i + 1}`)));
    if (this.block.querySelector("[data-action=equal]")) found.e = () => this.turnEqual();
    return found;
  }
}
