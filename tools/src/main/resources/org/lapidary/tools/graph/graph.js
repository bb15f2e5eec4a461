const byId = id => document.getElementById(id);
let scale = 1, shown = 'folded', chosen = null;
const svg = () => document.querySelector('#' + shown + ' svg');
function zoom(factor) {
  scale = Math.min(4, Math.max(0.05, factor));
  const box = svg().viewBox.baseVal;
  svg().setAttribute('width', box.width * scale);
  svg().setAttribute('height', box.height * scale);
}
const fit = () => zoom(Math.min(1, (byId('view').clientWidth - 20) / svg().viewBox.baseVal.width));
byId('in').onclick = () => zoom(scale * 1.25);
byId('out').onclick = () => zoom(scale / 1.25);
byId('fit').onclick = fit;
byId('view').addEventListener('wheel', e => {
  if (e.ctrlKey) { e.preventDefault(); zoom(scale * (e.deltaY < 0 ? 1.1 : 1 / 1.1)); }
}, {passive: false});
byId('unfold').onclick = () => {
  byId(shown).hidden = true;
  shown = shown === 'folded' ? 'unfolded' : 'folded';
  byId(shown).hidden = false;
  byId('unfold').textContent = shown === 'folded' ? 'show every layer' : 'fold the layers';
  fit();
};
function show(repetitions, at) {
  const list = byId('details');
  list.replaceChildren();
  for (const [key, value] of Object.entries(repetitions[at])) {
    list.append(Object.assign(document.createElement('dt'), {textContent: key}));
    list.append(Object.assign(document.createElement('dd'), {textContent: value}));
  }
}
function choose(box) {
  document.querySelectorAll('.chosen').forEach(e => e.classList.remove('chosen'));
  document.querySelectorAll('.near').forEach(e => e.classList.remove('near'));
  box.classList.add('chosen');
  const id = box.dataset.id;
  svg().querySelectorAll(`.line[data-from="${id}"], .line[data-to="${id}"]`)
      .forEach(e => e.classList.add('near'));
  const repetitions = (shown === 'folded' ? FOLDED : UNFOLDED)[id];
  const select = byId('repetition');
  const before = Math.max(0, Math.min(select.selectedIndex, repetitions.length - 1));
  select.replaceChildren(...repetitions.map((_, i) => new Option(i + 1)));
  select.selectedIndex = before;
  select.onchange = () => show(repetitions, select.selectedIndex);
  byId('which').hidden = repetitions.length < 2;
  show(repetitions, before);
}
document.querySelectorAll('.box').forEach(box => box.addEventListener('click', () => choose(box)));
if (location.hash === '#all') {
  byId('unfold').click();
} else if (location.hash.length > 1) {
  const box = document.querySelector(`.box[data-id="${Number(location.hash.slice(1))}"]`);
  if (box) choose(box);
}
fit();
