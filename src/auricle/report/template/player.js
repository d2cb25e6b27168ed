// Plays several sounds in lock-step: all run all the time, and only their gains differ, so that
// switching between them never moves the position and never changes the level.

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
    return this.loop ? place % this.seconds : Math.min(place, this.seconds);
  }

  async load() {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.ready ??= Promise.all(
      this.sources.map(async (source) => {
        const buffer = await this.context.decodeAudioData(decode(source.data).buffer);
        const gain = this.context.createGain();
        gain.gain.value = source.id === this.chosen ? 1 : 0;
        gain.connect(this.context.destination);
        return { id: source.id, buffer, gain };
      }),
    );
    this.voices = await this.ready;
  }

  async play() {
    const turn = ++this.turn;
    await this.load();
    if (turn !== this.turn) return;
    if (this.offset >= this.seconds - 0.002) this.offset = 0;
    this.silence();
    this.began = this.context.currentTime + 0.02;
    for (const voice of this.voices) {
      const node = this.context.createBufferSource();
      node.buffer = voice.buffer;
      node.loop = this.loop;
      node.connect(voice.gain);
      node.start(this.began, Math.min(this.offset, voice.buffer.duration));
      voice.node = node;
    }
    this.voices[0].node.onended = () => {
      if (turn === this.turn) this.rest(0);
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
    this.rest(place);
    if (playing && place < this.seconds) this.play();
  }

  choose(id) {
    if (!this.sources.some((source) => source.id === id)) return;
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
