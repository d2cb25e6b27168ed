// Draws waveform, spectrogram, relevance and its marginal curves on one canvas, sharp on every screen.

const COLOURS = {
  light: {
    paper: [255, 255, 255], loud: [116, 119, 125], for: [212, 80, 10], against: [11, 102, 181],
    ink: "#3c3f45", faint: "#6d7178", line: "#d9d9d4", wave: "#8b8e94",
  },
  dark: {
    paper: [24, 26, 30], loud: [128, 132, 140], for: [255, 140, 58], against: [92, 176, 255],
    ink: "#c9ccd2", faint: "#9a9ea6", line: "#3a3d43", wave: "#7d8189",
  },
};
const FONT = '11px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const HERTZ = [125, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000];

const css = (rgb, alpha = 1) => `rgba(${rgb.join(",")},${alpha})`;
const hertzText = (hertz) => (hertz >= 1000 ? `${+(hertz / 1000).toPrecision(3)} kHz` : `${+hertz.toPrecision(3)} Hz`);

class Picture {
  constructor(canvas, data, map) {
    this.canvas = canvas;
    this.data = data;
    this.map = map;
    this.compact = canvas.dataset.compact !== undefined;
    this.layers = {};
    this.shape = { rows: map.hertz.length - 1, columns: map.seconds.length - 1 };
    this.values = decode(map.values, Int8Array);
    this.levels = data.soundLevels ??= decode(data.sound.values);
    this.low = data.low ??= decode(data.wave.low, Int8Array);
    this.high = data.high ??= decode(data.wave.high, Int8Array);
    this.waveRelevance = map.wave && decode(map.wave, Int8Array);
  }

  layout() {
    const width = this.canvas.parentElement.clientWidth;
    const narrow = width < 560;
    const left = narrow ? 44 : 54;
    const side = this.compact ? 0 : narrow ? 46 : 104;
    const gap = 10;
    const plot = Math.max(width - left - (side ? side + gap : 4), 60);
    const heights = this.compact
      ? { wave: 0, sound: narrow ? 170 : 190, curve: 34 }
      : { wave: narrow ? 54 : 72, sound: narrow ? 220 : 300, curve: narrow ? 48 : 64 };
    const wave = { top: 2, height: heights.wave };
    const sound = { top: wave.height ? wave.top + wave.height + gap : 2, height: heights.sound };
    const axis = sound.top + sound.height;
    const curve = { top: axis + 38, height: heights.curve };
    return { width, height: curve.top + curve.height + 4, left, plot, side, gap, narrow, wave, sound, axis, curve };
  }

  draw(look) {
    const place = (this.place = this.layout());
    const ratio = window.devicePixelRatio || 1;
    const { canvas } = this;
    canvas.width = Math.round(place.width * ratio);
    canvas.height = Math.round(place.height * ratio);
    canvas.style.height = `${place.height}px`;
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.font = FONT;
    const colours = COLOURS[look.dark ? "dark" : "light"];
    this.scale = look.warped ? this.map.scale : null;
    if (place.wave.height) this.drawWave(pen, place, colours, look);
    this.drawSound(pen, place, colours, look, ratio);
    if (look.mark) this.drawMark(pen, place, colours, look.mark);
    this.drawAxes(pen, place, colours);
    this.drawCurves(pen, place, colours, look);
  }

  // --- places ---------------------------------------------------------------------------------------------

  x(seconds) {
    return this.place.left + (seconds / this.data.seconds) * this.place.plot;
  }

  seconds(x) {
    return ((x - this.place.left) / this.place.plot) * this.data.seconds;
  }

  share(hertz) {
    return this.scale ? interpolate(hertz, this.scale[0], this.scale[1]) : hertz / this.data.top;
  }

  y(hertz) {
    return this.place.sound.top + (1 - this.share(hertz)) * this.place.sound.height;
  }

  hertz(y) {
    const share = 1 - (y - this.place.sound.top) / this.place.sound.height;
    return this.scale ? interpolate(share, this.scale[1], this.scale[0]) : share * this.data.top;
  }

  // --- layers ---------------------------------------------------------------------------------------------

  drawWave(pen, { left, plot, wave }, colours, look) {
    const middle = wave.top + wave.height / 2;
    const count = this.low.length;
    const step = plot / count;
    const stripe = (i) => {
      const top = middle - (this.high[i] / 127) * (wave.height / 2);
      const bottom = middle - (this.low[i] / 127) * (wave.height / 2);
      pen.fillRect(left + i * step, top - 0.4, Math.max(step, 0.7), bottom - top + 0.8);
    };
    const bands = this.waveRelevance ?? [];
    const band = plot / bands.length;
    bands.forEach((value, i) => {
      if (!value || !look[value > 0 ? "for" : "against"]) return;
      const alpha = (Math.abs(value) / 127) ** this.data.ramp * look.opacity;
      pen.fillStyle = css(value > 0 ? colours.for : colours.against, alpha);
      pen.fillRect(left + i * band, wave.top, band + 0.3, wave.height);
    });
    pen.fillStyle = bands.length ? colours.ink : colours.wave;
    for (let i = 0; i < count; i++) stripe(i);
  }

  drawSound(pen, { left, plot, sound }, colours, look, ratio) {
    const width = Math.max(Math.round(plot * ratio), 1);
    const height = Math.max(Math.round(sound.height * ratio), 1);
    const size = [width, height, look.warped, look.dark].join();
    if (this.layers.size !== size) {
      this.layers = { size, sound: this.soundLayer(width, height, colours) };
    }
    const signs = [look.for, look.against].join();
    if (this.layers.signs !== signs) {
      this.layers.signs = signs;
      this.layers.relevance = this.relevanceLayer(width, height, colours, look);
    }
    pen.drawImage(this.layers.sound, left, sound.top, plot, sound.height);
    pen.globalAlpha = look.opacity;
    pen.drawImage(this.layers.relevance, left, sound.top, plot, sound.height);
    pen.globalAlpha = 1;
  }

  rowHertz(height) {
    const { top, height: full } = this.place.sound;
    return Array.from({ length: height }, (_, row) => this.hertz(top + ((row + 0.5) / height) * full));
  }

  columnSeconds(width) {
    return Array.from({ length: width }, (_, column) => ((column + 0.5) / width) * this.data.seconds);
  }

  soundLayer(width, height, { paper, loud }) {
    const { hertz, seconds } = this.data.sound;
    const rows = between(this.rowHertz(height), hertz);
    const columns = between(this.columnSeconds(width), seconds);
    const count = seconds.length - 1;
    return layer(width, height, (pixels) => {
      let at = 0;
      for (let row = 0; row < height; row++) {
        const [low, high, up] = [rows.low[row] * count, rows.high[row] * count, rows.weight[row]];
        for (let column = 0; column < width; column++, at += 4) {
          const [a, b, right] = [columns.low[column], columns.high[column], columns.weight[column]];
          const lower = this.levels[low + a] * (1 - right) + this.levels[low + b] * right;
          const upper = this.levels[high + a] * (1 - right) + this.levels[high + b] * right;
          const share = (lower * (1 - up) + upper * up) / 255;
          for (let c = 0; c < 3; c++) pixels[at + c] = paper[c] + (loud[c] - paper[c]) * share;
          pixels[at + 3] = 255;
        }
      }
    });
  }

  relevanceLayer(width, height, colours, look) {
    const rows = this.rowHertz(height).map((hertz) => bin(hertz, this.map.hertz));
    const columns = this.columnSeconds(width).map((seconds) => bin(seconds, this.map.seconds));
    return layer(width, height, (pixels) => {
      let at = 0;
      for (const row of rows) {
        for (const column of columns) {
          const value = row < 0 || column < 0 ? 0 : this.values[row * this.shape.columns + column];
          if (value && look[value > 0 ? "for" : "against"]) {
            const colour = value > 0 ? colours.for : colours.against;
            for (let c = 0; c < 3; c++) pixels[at + c] = colour[c];
            pixels[at + 3] = 255 * (Math.abs(value) / 127) ** this.data.ramp;
          }
          at += 4;
        }
      }
    });
  }

  // The place of one part of the sound, framed.
  drawMark(pen, { left, plot, sound }, colours, { start, end, low, high }) {
    const [from, to] = [Math.max(this.x(start), left), Math.min(this.x(end), left + plot)];
    const [top, bottom] = [Math.max(this.y(high), sound.top), Math.min(this.y(low), sound.top + sound.height)];
    for (const [width, colour] of [[4, css(colours.paper, 0.8)], [2, colours.ink]]) {
      pen.lineWidth = width;
      pen.strokeStyle = colour;
      pen.strokeRect(from, top, Math.max(to - from, 1), Math.max(bottom - top, 1));
    }
  }

  // --- axes and curves ------------------------------------------------------------------------------------

  drawAxes(pen, place, colours) {
    const { left, plot, sound, axis, narrow } = place;
    pen.strokeStyle = colours.line;
    pen.lineWidth = 1;
    pen.strokeRect(left - 0.5, sound.top - 0.5, plot + 1, sound.height + 1);
    pen.fillStyle = colours.faint;
    pen.textBaseline = "middle";
    pen.textAlign = "right";
    let last = Infinity;
    for (const hertz of this.hertzTicks()) {
      const y = this.y(hertz);
      if (last - y < 18) continue;
      last = y;
      pen.fillRect(left - 4, Math.round(y) - 0.5, 4, 1);
      pen.fillText(hertzText(hertz), left - 7, Math.min(Math.max(y, sound.top + 5), axis - 4));
    }
    pen.textAlign = "center";
    pen.textBaseline = "top";
    const ticks = secondsTicks(this.data.seconds, Math.max(Math.floor(plot / (narrow ? 64 : 90)), 2));
    for (const seconds of ticks) {
      const x = this.x(seconds);
      pen.fillRect(Math.round(x) - 0.5, axis + 1, 1, 4);
      const text = `${+(seconds + this.data.start).toFixed(4)}${seconds === 0 ? " s" : ""}`;
      pen.fillText(text, x, axis + 8);
    }
  }

  hertzTicks() {
    if (this.scale) return [0, ...HERTZ.filter((hertz) => hertz <= this.data.top)];
    const step = niceStep(this.data.top / 5);
    return Array.from({ length: Math.floor(this.data.top / step + 1e-9) + 1 }, (_, i) => i * step);
  }

  drawCurves(pen, place, colours, look) {
    const { left, plot, sound, curve, side, gap, narrow } = place;
    const [up, down] = this.map.time;
    pen.fillStyle = colours.faint;
    pen.textAlign = "left";
    pen.textBaseline = "bottom";
    pen.fillText("relevance over time", left, curve.top - 1);
    const parts = this.extent(up, down);
    const zero = curve.top + curve.height * parts.above;
    const tall = curve.height / parts.span;
    const across = this.map.seconds.map((seconds) => this.x(seconds));
    if (look.for) steps(pen, across, up.map((value) => zero - value * tall), zero, css(colours.for, 0.8));
    if (look.against) steps(pen, across, down.map((value) => zero - value * tall), zero, css(colours.against, 0.8));
    pen.fillStyle = colours.line;
    pen.fillRect(left, Math.round(zero) - 0.5, plot, 1);
    if (!side) return;

    const [right, wrong] = this.map.frequency;
    const begin = left + plot + gap;
    const wide = this.extent(right, wrong);
    const middle = begin + side * (1 - wide.above);
    const scale = side / wide.span;
    const along = this.map.hertz.map((hertz) => this.y(hertz));
    pen.save();
    pen.transform(0, 1, 1, 0, 0, 0); // the same curve, lying on its side
    if (look.for) steps(pen, along, right.map((value) => middle + value * scale), middle, css(colours.for, 0.8));
    if (look.against) steps(pen, along, wrong.map((value) => middle + value * scale), middle, css(colours.against, 0.8));
    pen.restore();
    pen.fillStyle = colours.line;
    pen.fillRect(Math.round(middle) - 0.5, sound.top, 1, sound.height);
    pen.fillStyle = colours.faint;
    if (!narrow) pen.fillText("relevance", begin, sound.top - 16);
    pen.fillText(narrow ? "over Hz" : "over frequency", begin, sound.top - 3);
  }

  extent(positive, negative) {
    const top = Math.max(...positive, 0);
    const bottom = Math.max(...negative.map((value) => -value), 0);
    const span = top + bottom || 1;
    return { span, above: top + bottom ? top / span : 0.5 };
  }

  read(x, y) {
    const { left, plot, sound } = this.place;
    if (x < left || x > left + plot || y < sound.top || y > sound.top + sound.height) return "";
    const [seconds, hertz] = [this.seconds(x), this.hertz(y)];
    const [row, column] = [bin(hertz, this.map.hertz), bin(seconds, this.map.seconds)];
    const words = [`${(seconds + this.data.start).toFixed(3)} s`, hertzText(hertz)];
    if (row >= 0 && column >= 0) {
      const share = this.values[row * this.shape.columns + column] / 127;
      words.push(`relevance ${figure(share * this.map.strongest)} (${Math.round(100 * Math.abs(share))} % of the strongest)`);
    }
    return words.join(" · ");
  }
}
