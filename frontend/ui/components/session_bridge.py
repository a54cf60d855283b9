"""The browser's part of logging in and out, mounted on every page.

It trades the script's ticket for the session cookie, which only an HTTP answer can set, and has
it removed on logout. Either way it tells the browser's other tabs, which then reload and so see
the cookie as it is now.
"""

from typing import Final

import streamlit as st

from ui import session

_SCRIPT: Final = """
const browser = (window.clinicSession ??= connect());

function connect() {
  const channel = new BroadcastChannel("clinic-session");
  channel.onmessage = () => window.location.reload();
  return { channel, handled: new Set() };
}

function post(path, body) {
  return fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function adopt(ticket, setTriggerValue) {
  const answer = await post("/session/adopt", { ticket }).catch(() => null);
  if (answer?.ok) browser.channel.postMessage("changed");
  setTriggerValue(answer?.ok ? "kept" : "lost", ticket);
}

async function clear() {
  await post("/session/clear", {}).catch(() => null);
  browser.channel.postMessage("changed");
  window.location.replace("/");
}

export default function ({ data, setTriggerValue }) {
  const { operation, ticket } = data;
  if (!operation || browser.handled.has(operation + ticket)) return;
  browser.handled.add(operation + ticket);
  if (operation === "adopt") adopt(ticket, setTriggerValue);
  if (operation === "clear") clear();
}
"""

_bridge = st.components.v2.component("clinic.session_bridge", js=_SCRIPT)


def mount() -> None:
    """Carry out the cookie order of this tab, if there is one."""
    order = session.cookie_order()
    _bridge(
        key="session_bridge",
        data={"operation": order and order.operation, "ticket": order and order.ticket},
        height="content",
        on_kept_change=session.cookie_kept,
        on_lost_change=session.cookie_not_kept,
    )
