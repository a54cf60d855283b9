const ELEMENT = 1;
const TEXT = 3;

/* Date fields take the first day of the week from the browser's language. */
function writeDatesAs(locale) {
  if (navigator.language === locale) return;
  Object.defineProperty(navigator, 'language', { configurable: true, get: () => locale });
  window.dispatchEvent(new Event('languagechange'));
}

/* A browser's translation takes texts out of the page and puts <font> elements in their places. React goes
   on writing into the texts that it made, and nobody sees it: another visit's date stayed under a status.
   So a text that changes takes its place again, and is translated again if somebody still translates. */
function keepTextsTrue() {
  const standIns = new WeakMap();

  const changes = new MutationObserver((records) => {
    for (const { target } of records) {
      const [first, ...others] = standInsOf(target);
      if (!first) continue;
      first.replaceWith(target);
      others.forEach((other) => other.remove());
      standIns.delete(target);
    }
  });
  const replacements = new MutationObserver((records) => {
    const added = new Set(records.flatMap((record) => [...record.addedNodes]));
    for (const record of records) {
      for (const node of record.removedNodes) {
        if (node.nodeType === TEXT && !node.isConnected) note(node, record, added);
      }
    }
  });
  replacements.observe(document.body, { childList: true, subtree: true });

  function note(text, { addedNodes, previousSibling, nextSibling }, added) {
    const beside = [previousSibling, nextSibling].filter((node) => isFont(node) && added.has(node));
    const nodes = addedNodes.length ? [...addedNodes] : beside.slice(0, 1);
    if (!nodes.length) return;
    standIns.set(text, nodes);
    changes.observe(text, { characterData: true });
  }

  function standInsOf(node) {
    return (standIns.get(node) ?? []).filter((other) => other.isConnected);
  }

  /* What stands in `parent` for a node that React believes to be there; the node may be inside of it. */
  function placeIn(parent, node) {
    const there = standInsOf(node).filter((other) => other.parentNode === parent);
    if (there.length || !parent.contains(node)) return there;
    let around = node;
    while (around.parentNode !== parent) around = around.parentNode;
    return isFont(around) ? [around] : [];
  }

  const { insertBefore, removeChild } = Node.prototype;
  Node.prototype.removeChild = function (child) {
    const there = child?.parentNode === this ? [] : placeIn(this, child);
    if (!there.length) return removeChild.call(this, child);
    there.forEach((other) => other.remove());
    return child;
  };
  Node.prototype.insertBefore = function (node, before) {
    const there = before && before.parentNode !== this ? placeIn(this, before)[0] : undefined;
    return insertBefore.call(this, node, there ?? before);
  };
  return true;
}

const isFont = (node) => node?.nodeType === ELEMENT && node.tagName === 'FONT';

export default function ({ data }) {
  writeDatesAs(data.locale);
  window.clinicTexts ??= keepTextsTrue();
}
