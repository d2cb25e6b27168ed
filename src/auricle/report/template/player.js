// Plays several sounds in lock-step: all run all the time, and only their gains differ, so that
// switching between them never moves the position and never changes the level. A part of the sound
// is shorter: it plays from where it begins to where it ends, and is only decoded when it is wanted.

const FADE = 0.012; // seconds; long enough not to click

class Player {
  constructor(sources, seconds, changed) {
    this.sources = sources;
    this.seconds = seconds;
    this.changed = changed;
    this.chosen = sources[0].id;
    this.playing = false;
    this.loop = false;
    this.offset = 0; // where playback begins, in seconds of the clip
    this.began = 0; // when it began, on the audio clock
    this.turn = 0; // every start and stop makes older callbacks void
  }

  get position() {
    if (!this.playing) return this.offset;
    const latency = this.context.outputLatency || this.context.baseLatency || 0;
    const played = Math.max(0, this.context.currentTime - this.began - latency);
    const place = this.offset + played;
    const [from, to] = this.span;
    return this.loop ? from + ((place - from) % (to - from)) : Math.min(place, to);
  }

  get source() {
    return this.sources.find((source) => source.id === this.chosen);
  }

  get span() {
    const { part, from, to } = this.source;
    return part ? [from, Math.min(to, this.seconds)] : [0, this.seconds];
  }

  async load() {
    this.context ??= new AudioContext();
    await this.context.resume();
    const wanted = this.sources.filter((source) => !source.part || source.id === this.chosen);
    const voices = await Promise.all(wanted.map((source) => (source.voice ??= this.voice(source))));
    this.silence(); // a part that is no longer chosen must not play on
    this.voices = voices;
  }

  async voice({ id, data, part, from }) {
    const buffer = await this.context.decodeAudioData(decode(data).buffer);
    const gain = this.context.createGain();
    gain.connect(this.context.destination);
    return { id, buffer, gain, begins: part ? from : 0 };
  }

  async play() {
    const turn = ++this.turn;
    await this.load();
    if (turn !== this.turn) return;
    const [from, to] = this.span;
    if (this.offset < from || this.offset >= to - 0.002) this.offset = from;
    this.silence();
    this.began = this.context.currentTime + 0.02;
    for (const voice of this.voices) {
      const node = this.context.createBufferSource();
      node.buffer = voice.buffer;
      node.loop = this.loop;
      [node.loopStart, node.loopEnd] = [from - voice.begins, to - voice.begins];
      node.connect(voice.gain);
      voice.gain.gain.cancelScheduledValues(0);
      voice.gain.gain.value = voice.id === this.chosen ? 1 : 0;
      node.start(this.began, Math.min(this.offset - voice.begins, voice.buffer.duration));
      voice.node = node;
    }
    const last = this.source.part ? this.voices.find((voice) => voice.id === this.chosen) : this.voices[0];
    last.node.onended = () => {
      if (turn === this.turn) this.rest(from);
    };
    this.playing = true;
    this.changed();
  }

  pause() {
    this.rest(this.position);
  }

  rest(position) {
    this.turn++;
    this.offset = position;
    this.playing = false;
    this.silence();
    this.changed();
  }

  silence() {
    for (const voice of this.voices ?? []) {
      if (!voice.node) continue;
      voice.node.onended = null;
      voice.node.stop();
      voice.node = null;
    }
  }

  toggle() {
    return this.playing ? this.pause() : this.play();
  }

  seek(seconds) {
    const place = Math.min(Math.max(seconds, 0), this.seconds);
    const playing = this.playing;
    const [from, to] = this.span;
    if (place < from || place > to) this.chosen = this.sources[0].id; // outside a part there is none of it
    this.rest(place);
    if (playing && place < this.seconds) this.play();
  }

  choose(id) {
    const source = this.sources.find((each) => each.id === id);
    if (!source) return;
    if (source.part || this.source.part) {
      const { playing, position } = this;
      this.rest(source.part ? source.from : position);
      this.chosen = id;
      this.changed();
      if (playing) this.play();
      return;
    }
    this.chosen = id;
    for (const voice of this.voices ?? []) {
      const { gain } = voice.gain;
      gain.cancelScheduledValues(this.context.currentTime);
      gain.setTargetAtTime(voice.id === id ? 1 : 0, this.context.currentTime, FADE / 3);
    }
    this.changed();
  }

  setLoop(loop) {
    const { playing, position } = this;
    this.loop = loop;
    this.rest(position);
    if (playing) this.play();
  }
}
