const WIDTH = 1120, HEIGHT = 460, LEFT = 74, RIGHT = 18, TOP = 16, BOTTOM = 52;
const FRONT = {cycles: 'cycles', sram_bytes: 'sram', energy_microjoules: 'energy'};
const TITLE = {
  cycles: 'estimated cycles per inference', sram_bytes: 'scratchpad and accumulator, KiB',
  energy_microjoules: 'energy per inference, µJ, estimated from a table of primitives'
};
const byId = id => document.getElementById(id);
const share = ['accuracy', 'exact'].includes(FOUND.metric.name);
const metricText = v => share ? (100 * v).toFixed(2) + ' %' : v.toFixed(4);
const count = n => Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
const costText = (key, v) =>
    key === 'cycles' ? count(v) : key === 'sram_bytes' ? count(v / 1024) : v.toFixed(1);
const usual = FOUND.points[0].settings;
const unusual = p => Object.entries(p.settings).filter(([k, v]) => usual[k] !== v)
    .map(([k, v]) => k + ' ' + v).join(' · ') || 'all as usual';
let cost = 'cycles', everything = false, chosen = null;

function make(tag, attributes, text) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}
const onFront = p => p.fronts.includes(FRONT[cost]);
const front = () => FOUND.points.filter(onFront).sort((a, b) => a[cost] - b[cost]);

/* Ticks at 1, 2 and 5 times powers of ten; on a logarithmic axis those inside the range. */
function ticks(least, most, log) {
  const all = [];
  if (log) {
    for (let e = Math.floor(Math.log10(least)); e <= Math.log10(most) + 1; e++)
      for (const m of [1, 2, 5]) all.push(m * 10 ** e);
  } else {
    const raw = (most - least) / 5, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map(m => m * power).find(s => s >= raw);
    for (let i = Math.ceil(least / step); i * step <= most; i++) all.push(i * step);
  }
  const inside = all.filter(t => t >= least && t <= most);
  return log && inside.length < 2 ? ticks(least, most, false) : inside;
}
function range(values, log) {
  let least = Math.min(...values), most = Math.max(...values);
  if (log) return least === most ? [least / 2, most * 2] : [least / 1.08, most * 1.08];
  const margin = (most - least || Math.abs(most) || 1) * 0.06;
  return [least - margin, most + margin];
}
/* What is far from the front would squeeze it, so it is shown on demand. */
function shown() {
  if (everything) return FOUND.points;
  const best = front(), worse = FOUND.metric.higher_is_better ? 1 : -1;
  const values = best.map(p => p.metric).concat(FOUND.metric.fp32);
  const low = Math.min(...values), high = Math.max(...values), room = Math.max(high - low, 1e-3 * Math.abs(high)) * 1.5;
  const most = Math.max(...best.map(p => p[cost])) * 4;
  return FOUND.points.filter(p => onFront(p) || (p[cost] <= most && worse * ((worse > 0 ? low : high) - p.metric) <= room));
}
function draw() {
  const points = shown(), best = front();
  const [x0, x1] = range(points.map(p => p[cost]), true), [y0, y1] = range(points.map(p => p.metric).concat(FOUND.metric.fp32), false);
  const x = v => LEFT + (WIDTH - LEFT - RIGHT) * Math.log(v / x0) / Math.log(x1 / x0);
  const y = v => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (v - y0) / (y1 - y0);
  const svg = make('svg', {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'group', 'aria-label': FOUND.metric.name + ' against ' + TITLE[cost]});
  const unit = cost === 'sram_bytes' ? 1024 : 1;
  for (const t of ticks(x0 / unit, x1 / unit, true)) {
    svg.append(make('line', {class: 'grid', x1: x(t * unit), x2: x(t * unit), y1: TOP, y2: HEIGHT - BOTTOM}));
    svg.append(make('text', {x: x(t * unit), y: HEIGHT - BOTTOM + 18, 'text-anchor': 'middle'}, t < 1 ? t : count(t)));
  }
  for (const t of ticks(y0, y1, false)) {
    svg.append(make('line', {class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(t), y2: y(t)}));
    svg.append(make('text', {x: LEFT - 8, y: y(t) + 4, 'text-anchor': 'end'}, metricText(t)));
  }
  svg.append(make('line', {class: 'axis', x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM}));
  svg.append(make('line', {class: 'axis', x1: LEFT, x2: LEFT, y1: TOP, y2: HEIGHT - BOTTOM}));
  svg.append(make('line', {class: 'fp32', x1: LEFT, x2: WIDTH - RIGHT, y1: y(FOUND.metric.fp32), y2: y(FOUND.metric.fp32)}));
  svg.append(make('text', {x: WIDTH - RIGHT, y: y(FOUND.metric.fp32) - 5, 'text-anchor': 'end'}, 'fp32'));
  svg.append(make('text', {x: (LEFT + WIDTH) / 2, y: HEIGHT - 12, 'text-anchor': 'middle'}, TITLE[cost] + ' (logarithmic)'));
  let path = '';
  best.forEach((p, i) => path += i ? ` H${x(p[cost])} V${y(p.metric)}` : `M${x(p[cost])} ${y(p.metric)}`);
  svg.append(make('path', {class: 'front', d: path || 'M0 0'}));
  const order = points.filter(p => !onFront(p)).concat(best);
  for (const p of order) {
    const dot = make('circle', {
      class: onFront(p) ? 'best' : '', cx: x(p[cost]), cy: y(p.metric), r: onFront(p) ? 6 : 4, 'data-hash': p.hash,
      tabindex: onFront(p) ? 0 : -1, role: 'button',
      'aria-label': `${FOUND.metric.name} ${metricText(p.metric)}, ${costText(cost, p[cost])} ${TITLE[cost]}`
    });
    dot.addEventListener('mouseenter', () => choose(p));
    dot.addEventListener('focus', () => choose(p));
    dot.addEventListener('click', () => { choose(p); dot.focus(); });
    svg.append(dot);
  }
  byId('chart').replaceChildren(svg);
  table(best);
  if (!best.includes(chosen)) chosen = best[0];
  choose(chosen);
}
function table(best) {
  byId('rows').replaceChildren(...best.map(p => {
    const row = document.createElement('tr');
    row.tabIndex = 0;
    row.dataset.hash = p.hash;
    const cells = [p.hash, metricText(p.metric), count(p.cycles), count(p.sram_bytes / 1024), p.energy_microjoules.toFixed(1), unusual(p)];
    cells.forEach((text, i) => row.append(Object.assign(document.createElement('td'), {textContent: text, className: i % 5 ? '' : 'text'})));
    row.addEventListener('click', () => choose(p));
    row.addEventListener('focus', () => choose(p));
    return row;
  }));
}
function choose(p) {
  chosen = p;
  document.querySelectorAll('.chosen').forEach(e => e.classList.remove('chosen'));
  document.querySelectorAll(`[data-hash="${p.hash}"]`).forEach(e => e.classList.add('chosen'));
  const text = document.createElement('p'), code = document.createElement('code'), copy = document.createElement('button');
  text.textContent = `${FOUND.metric.name} ${metricText(p.metric)} on ${p.samples} samples · ${count(p.cycles)} cycles · `
      + `${count(p.sram_bytes / 1024)} KiB SRAM · ${p.energy_microjoules.toFixed(1)} µJ (estimate) · ${unusual(p)} · ${p.hash}`;
  code.textContent = p.command;
  copy.textContent = 'copy the command';
  copy.onclick = () => { getSelection().selectAllChildren(code); document.execCommand('copy'); };
  byId('point').replaceChildren(text, code, copy);
}
document.addEventListener('keydown', e => {
  const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[e.key];
  const at = document.activeElement;
  if (!step || !at || !at.dataset.hash) return;
  e.preventDefault();
  const all = [...document.querySelectorAll(at.tagName === 'TR' ? '#rows tr' : 'circle.best')];
  const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(at) + step))];
  if (next) next.focus();
});
for (const button of document.querySelectorAll('[data-cost]')) {
  button.onclick = () => {
    cost = button.dataset.cost;
    document.querySelectorAll('[data-cost]').forEach(b => b.setAttribute('aria-pressed', b === button));
    draw();
  };
}
byId('whole').onclick = () => {
  everything = !everything;
  byId('whole').setAttribute('aria-pressed', everything);
  draw();
};
document.querySelector('[data-cost=cycles]').click();
