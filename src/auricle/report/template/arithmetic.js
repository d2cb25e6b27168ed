// Bytes, bins, ticks and figures.

function decode(text, Kind = Uint8Array) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return new Kind(bytes.buffer);
}

function layer(width, height, fill) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(width, height);
  fill(image.data);
  pen.putImageData(image, 0, 0);
  return canvas;
}

function steps(pen, edges, values, zero, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(edges[0], zero);
  values.forEach((value, i) => {
    pen.lineTo(edges[i], value);
    pen.lineTo(edges[i + 1], value);
  });
  pen.lineTo(edges[edges.length - 1], zero);
  pen.fill();
}

// Index of the bin that holds a value, -1 outside.
function bin(value, edges) {
  if (value < edges[0] || value > edges[edges.length - 1]) return -1;
  let [low, high] = [0, edges.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (edges[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

// For every value the two bins whose centres enclose it, and the weight of the upper one.
function between(values, edges) {
  const centres = edges.slice(1).map((edge, i) => (edge + edges[i]) / 2);
  const last = centres.length - 1;
  const plan = { low: [], high: [], weight: [] };
  for (const value of values) {
    const inside = Math.min(Math.max(value, centres[0]), centres[last]);
    const low = Math.min(Math.max(bin(inside, centres), 0), last);
    const high = Math.min(low + 1, last);
    plan.low.push(low);
    plan.high.push(high);
    plan.weight.push(high > low ? (inside - centres[low]) / (centres[high] - centres[low]) : 0);
  }
  return plan;
}

function interpolate(value, from, to) {
  const i = Math.min(Math.max(bin(value, from), 0), from.length - 2);
  return to[i] + ((value - from[i]) / (from[i + 1] - from[i])) * (to[i + 1] - to[i]);
}

function niceStep(rough) {
  const unit = 10 ** Math.floor(Math.log10(rough));
  return unit * [1, 2, 2.5, 5, 10].find((factor) => factor * unit >= rough * 0.999);
}

function secondsTicks(seconds, most) {
  const step = niceStep(seconds / most);
  return Array.from({ length: Math.floor(seconds / step + 1e-9) + 1 }, (_, i) => +(i * step).toPrecision(12));
}

function figure(value) {
  const text = value === 0 ? "0" : Number(value.toPrecision(3)).toString();
  return (value > 0 ? `+${text}` : text).replace("-", "−");
}
