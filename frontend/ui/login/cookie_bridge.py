"""The browser's part of logging in and out, mounted on every page.

It exchanges the script's ticket for the session cookie, which only an HTTP answer can set, and
deletes the cookie on logout. Both times it notifies the browser's other tabs, which then reload
with the present cookie.
"""

from typing import Final

import streamlit as st

from ui.login import session

_SCRIPT: Final = """
const LAST_CHANGE = "clinic-session-changed";
const browser = (window.clinicSession ??= connect());

function connect() {
  const channel = new BroadcastChannel("clinic-session");
  channel.onmessage = () => window.location.reload();
  // A change while this page was still loading was announced before anybody here listened.
  if (Number(localStorage.getItem(LAST_CHANGE)) > performance.timeOrigin) window.location.reload();
  return { channel, outcomes: new Map() };
}

function announce() {
  localStorage.setItem(LAST_CHANGE, Date.now());
  browser.channel.postMessage("changed");
}

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

async function adopt(ticket) {
  const kept = await post("/session/adopt", { ticket });
  if (kept) announce();
  return kept ? "kept" : "lost";
}

async function clear() {
  await post("/session/clear", {});
  announce();
  window.location.replace("/");
}

function once(name, action) {
  if (!browser.outcomes.has(name)) browser.outcomes.set(name, action());
  return browser.outcomes.get(name);
}

export default function ({ data, setTriggerValue }) {
  const { operation, ticket } = data;
  if (operation === "clear") once("clear", clear);
  if (operation === "adopt") {
    // Sent again on every redraw, in case the connection broke before the script received it.
    once(ticket, () => adopt(ticket)).then((outcome) => setTriggerValue(outcome, ticket));
  }
}
"""

_bridge = st.components.v2.component("clinic.session_bridge", js=_SCRIPT)


def mount() -> None:
    """Execute the cookie order of this tab, if there is one."""
    order = session.cookie_order()
    _bridge(
        key="session_bridge",
        data={"operation": order and order.operation, "ticket": order and order.ticket},
        height="content",
        on_kept_change=session.cookie_kept,
        on_lost_change=session.cookie_not_kept,
    )
