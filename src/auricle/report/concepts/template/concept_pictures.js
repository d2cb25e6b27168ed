// Pictures of concepts: all maps of a clip have one scale, and so have their curves.

// Smallest and largest sums over all maps of a clip, so that curves can be compared.
function reach(maps, along) {
  const highest = maps.map((map) => Math.max(0, ...map[along][0]));
  const lowest = maps.map((map) => Math.min(0, ...map[along][1]));
  return { top: Math.max(...highest), bottom: -Math.min(...lowest) };
}

const net = ([up, down]) => up.map((value, i) => value + down[i]);

// One map among others.
class MapPicture extends Picture {
  extent(positive) {
    const along = positive === this.map.time[0] ? "time" : "frequency";
    const { top, bottom } = ((this.data.reach ??= {})[along] ??= reach(this.data.maps, along));
    return { span: top + bottom || 1, above: top + bottom ? top / (top + bottom) : 0.5 };
  }

  layout() {
    const place = super.layout();
    return { ...place, plot: place.plot - 10 }; // room for the last second's label
  }
}

// The sound with one of its maps over it, or none, and a curve for every concept beside it.
class SoundPicture extends Picture {
  show(place) {
    if (this.shown === place) return;
    this.shown = place;
    this.map = this.data.maps[place ?? 0];
    this.values = decode(this.map.values, Int8Array);
    this.layers.signs = null;
  }

  draw(look) {
    const empty = this.shown === null;
    super.draw({ ...look, for: look.for && !empty, against: look.against && !empty });
  }

  drawCurves(pen, place, colours, look) {
    const { left, plot, sound, curve, side, gap, narrow } = place;
    pen.fillStyle = colours.faint;
    pen.textAlign = "left";
    pen.textBaseline = "bottom";
    pen.fillText("relevance over time, a line for each concept", left, curve.top - 1);
    const time = this.range("time");
    const zero = curve.top + curve.height * time.above;
    pen.fillStyle = colours.line;
    pen.fillRect(left, Math.round(zero) - 0.5, plot, 1);
    this.lines(look, "time", (values, edges) => {
      pen.moveTo(this.x(edges[0]), zero);
      values.forEach((value, i) => pen.lineTo(this.x((edges[i] + edges[i + 1]) / 2), zero - (value * curve.height) / time.span));
    }, pen);
    if (!side) return;
    const begin = left + plot + gap;
    const frequency = this.range("frequency");
    const middle = begin + side * (1 - frequency.above);
    pen.fillStyle = colours.line;
    pen.fillRect(Math.round(middle) - 0.5, sound.top, 1, sound.height);
    this.lines(look, "frequency", (values, edges) => {
      values.forEach((value, i) => {
        const across = middle + (value * side) / frequency.span;
        const height = this.y((edges[i] + edges[i + 1]) / 2);
        if (i) pen.lineTo(across, height);
        else pen.moveTo(across, height);
      });
    }, pen);
    pen.fillStyle = colours.faint;
    if (!narrow) pen.fillText("relevance", begin, sound.top - 16);
    pen.fillText(narrow ? "over Hz" : "over frequency", begin, sound.top - 3);
  }

  range(along) {
    const values = this.data.maps.slice(1).flatMap((map) => net(map[along]));
    const [top, bottom] = [Math.max(0, ...values), Math.max(0, ...values.map((value) => -value))];
    return { span: top + bottom || 1, above: top + bottom ? top / (top + bottom) : 0.5 };
  }

  // The chosen concept's line is drawn last and strongest.
  lines(look, along, path, pen) {
    const order = this.data.maps.map((_, i) => i).slice(1).sort((a, b) => (a === this.shown) - (b === this.shown));
    const one = this.shown > 0;
    for (const i of order) {
      const map = this.data.maps[i];
      pen.strokeStyle = map.colour[look.dark ? 1 : 0];
      pen.globalAlpha = one && i !== this.shown ? 0.35 : 1;
      pen.lineWidth = i === this.shown ? 2.2 : 1.4;
      pen.lineJoin = "round";
      pen.beginPath();
      path(net(map[along]), along === "time" ? map.seconds : map.hertz);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }
}

// A short stretch of a clip.
class CropPicture extends Picture {
  layout() {
    const width = this.canvas.parentElement.clientWidth;
    const left = 46;
    const sound = { top: 4, height: 110 };
    const axis = sound.top + sound.height;
    return {
      width, height: axis + 24, left, plot: Math.max(width - left - 14, 40), side: 0, gap: 0, narrow: true,
      wave: { top: 0, height: 0 }, sound, axis, curve: { top: axis, height: 0 },
    };
  }

  drawCurves() {}
}
