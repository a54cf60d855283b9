const NARROW = 560;
const UNAVAILABLE = 'The calendar could not be loaded. Everything in it is on this page as a list too.';

let library;

function load(url) {
  library ??= new Promise((resolve, reject) => {
    if (window.FullCalendar) {
      resolve(window.FullCalendar);
      return;
    }
    const script = document.createElement('script');
    script.src = url;
    script.onload = () => resolve(window.FullCalendar);
    script.onerror = () => {
      library = undefined;
      script.remove();
      reject(new Error(url));
    };
    document.head.append(script);
  });
  return library;
}

/* Events carry wall-clock times without a zone and the calendar runs in "UTC", so that the browser's own
   zone shifts nothing. "Now" therefore has to be the wall clock of the clinic too. */
function wallClock(zone) {
  try {
    return new Date().toLocaleString('sv-SE', { timeZone: zone }).replace(' ', 'T');
  } catch {
    return new Date().toISOString().slice(0, 19);
  }
}

const isNarrow = (host) => host.clientWidth < NARROW;
/* A week without dates has no today. */
const LONG_AGO = '2000-01-01';

const fittingView = (host, data) => (isNarrow(host) ? data.narrow_view : data.view);

function toolbar(host, data) {
  if (data.dateless) return false;
  const views = data.views.join(',');
  return isNarrow(host)
    ? { left: 'prev,next', center: 'title', right: views }
    : { left: 'prev,next today', center: 'title', right: views };
}

/* A month shows one chip a day where the finer views show every slot. */
function eventsFor(data, view) {
  const month = view === 'dayGridMonth';
  return data.events.filter(({ grain }) => grain === 'any' || (grain === 'day') === month);
}

function showEvents(host) {
  const { calendar, data } = host;
  const events = eventsFor(data, calendar.view.type);
  const shown = JSON.stringify(events);
  if (shown === host.shown) return;
  host.shown = shown;
  calendar.batchRendering(() => {
    calendar.removeAllEventSources();
    calendar.addEventSource(events);
  });
}

const rowHeight = (data) => (data.dateless ? '01:00:00' : data.step);

function dateless(data) {
  return data.dateless
    ? { dayHeaderFormat: { weekday: 'short' }, listDayFormat: { weekday: 'long' }, listDaySideFormat: false }
    : {};
}

function build(FullCalendar, host, { setTriggerValue, setStateValue }) {
  const { data } = host;
  const clock = { hour: 'numeric', minute: '2-digit', hourCycle: data.is_12_hour ? 'h12' : 'h23' };
  const calendar = new FullCalendar.Calendar(host, {
    timeZone: 'UTC',
    locale: data.locale,
    firstDay: data.first_day,
    now: () => (data.dateless ? LONG_AGO : wallClock(data.zone)),
    initialDate: data.focus,
    initialView: fittingView(host, data),
    headerToolbar: toolbar(host, data),
    buttonText: { today: 'Today', month: 'Month', week: 'Week', day: 'Day', list: 'List' },
    height: 'auto',
    fixedWeekCount: false,
    allDaySlot: false,
    nowIndicator: !data.dateless,
    slotMinTime: data.day_start,
    slotMaxTime: data.day_end,
    slotDuration: rowHeight(data),
    slotLabelInterval: '01:00',
    slotLabelFormat: clock,
    eventTimeFormat: clock,
    eventDisplay: 'block',
    eventInteractive: data.clickable,
    displayEventEnd: data.dateless,
    dayMaxEvents: 3,
    noEventsText: data.empty,
    ...dateless(data),
    eventClick: ({ event }) => {
      const kind = event.extendedProps.grain === 'day' ? 'day' : 'event';
      if (data.clickable) setTriggerValue('pick', { kind, id: event.id });
    },
    dateClick: ({ dateStr }) => {
      if (data.clickable) setTriggerValue('pick', { kind: 'day', id: dateStr.slice(0, 10) });
    },
    datesSet: ({ startStr, endStr }) => {
      const shown = { start: startStr.slice(0, 10), end: endStr.slice(0, 10) };
      const { start, end } = host.data.loaded;
      if (host.calendar) showEvents(host);
      if (host.calendar || shown.start < start || shown.end > end) setStateValue('range', shown);
    },
    windowResize: () => {
      const view = fittingView(host, host.data);
      calendar.setOption('headerToolbar', toolbar(host, host.data));
      if (host.narrow !== isNarrow(host)) calendar.changeView(view);
      host.narrow = isNarrow(host);
    },
  });
  host.narrow = isNarrow(host);
  calendar.render();
  host.calendar = calendar;
}

function update(host) {
  const { calendar, data } = host;
  calendar.setOption('slotMinTime', data.day_start);
  calendar.setOption('slotMaxTime', data.day_end);
  calendar.setOption('slotDuration', rowHeight(data));
  if (data.focus !== host.focus) calendar.gotoDate(data.focus);
  host.focus = data.focus;
  showEvents(host);
}

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const host = parentElement.querySelector('.calendar');
  let gone = false;
  host.setAttribute('aria-label', data.label);
  host.data = data;
  load(data.library).then(
    (FullCalendar) => {
      if (gone) return;
      if (!host.calendar) {
        host.focus = data.focus;
        build(FullCalendar, host, { setTriggerValue, setStateValue });
      }
      update(host);
    },
    () => {
      host.textContent = UNAVAILABLE;
    },
  );
  return () => {
    gone = true;
    host.calendar?.destroy();
    host.calendar = undefined;
    host.shown = undefined;
  };
}
