(() => {
  const all = selector => document.querySelectorAll(selector);

  // All places that speak of a node stand out once one of them was asked for.
  const mark = node => {
    all('.marked').forEach(e => e.classList.remove('marked'));
    if (node !== undefined) all(`[data-node="${node}"]`).forEach(e => e.classList.add('marked'));
  };

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let d = target.closest('details'); d; d = d.parentElement.closest('details')) d.open = true;
    mark(target.dataset.node);
    target.scrollIntoView({ block: target.tagName === 'SECTION' ? 'start' : 'center' });
    if (target.dataset.node !== undefined) {
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    }
  };
  addEventListener('hashchange', reveal);
  reveal();

  const input = document.getElementById('filter');
  const output = input.parentElement.querySelector('output');
  const items = [...all('.nodes li')];
  input.parentElement.hidden = false;
  input.addEventListener('input', () => {
    const wanted = input.value.toLowerCase();
    let shown = 0;
    for (const item of items) {
      item.hidden = !item.querySelector('.name').textContent.toLowerCase().includes(wanted);
      shown += item.hidden ? 0 : 1;
    }
    output.textContent = `${shown} of ${items.length}`;
  });

  // Paper cannot be unfolded.
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = [...all('details:not(.diff):not([open])')];
    opened.forEach(d => { d.open = true; });
  });
  addEventListener('afterprint', () => opened.forEach(d => { d.open = false; }));
})();
