import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** What a chart shows of a way: `value` as a line, and `dashed` as a dashed one, up to at least `top`. */
const charts = {
  rate: { ways: ['naive', 'transaction', 'groupcommit'], value: 'rate', top: 1000, filled: true },
  latency: {
    ways: ['naive', 'transaction', 'groupcommit'],
    value: 'median',
    dashed: 'slowest',
    top: 100,
    logarithmic: true,
  },
  batch: { ways: ['groupcommit'], value: 'batch', dashed: 'largestBatch', top: 10, filled: true },
};

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** The three charts over time, under the figures of these names. */
export class Charts {
  #names;
  #seconds;
  #points = [];
  #plots = [];

  /** @param {Record<string, string>} names of the ways */
  constructor(names, seconds) {
    this.#names = names;
    this.#seconds = seconds;
    this.#draw();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
    const observer = new ResizeObserver(() => this.#resize());
    for (const name of Object.keys(charts)) observer.observe(document.getElementById(name));
  }

  /** @param {{ time: number } & Record<string, Record<string, number | null>>} point the values of each way */
  add(point) {
    this.#points.push(point);
    this.#show();
  }

  clear() {
    this.#points = [];
    this.#show();
  }

  #draw() {
    for (const { plot } of this.#plots) plot.destroy();
    this.#plots = Object.entries(charts).map(([name, chart]) =>
      this.#drawOne(document.getElementById(name), chart),
    );
    this.#show();
  }

  #drawOne(figure, { ways, value, dashed, top, filled, logarithmic }) {
    for (const old of figure.querySelectorAll('.legend, .plot')) old.remove();
    const legend = figure.appendChild(document.createElement('p'));
    legend.className = 'legend';
    const container = figure.appendChild(document.createElement('div'));
    container.className = 'plot';

    const values = new Map();
    for (const way of ways) {
      const item = legend.appendChild(document.createElement('span'));
      item.dataset.way = way;
      item.append(`${this.#names[way]} `);
      values.set(way, item.appendChild(document.createElement('b')));
    }
    const columns = ways.flatMap((way) => [value, dashed].filter(Boolean).map((field) => ({ way, field })));
    const line = ({ way, field }) => ({
      stroke: colorOf(`var(--${way})`),
      width: field === dashed ? 1.5 : 2,
      ...(field === dashed && { dash: [5, 4] }),
      ...(field === value &&
        filled && { fill: colorOf(`color-mix(in srgb, var(--${way}) 12%, transparent)`) }),
      points: { show: false },
      spanGaps: true,
    });
    const axis = {
      stroke: colorOf('var(--muted)'),
      grid: { stroke: colorOf('var(--line)'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    const plot = new uPlot(
      {
        ...sizeOf(container),
        padding: [12, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
        scales: {
          x: { time: false, range: (_, __, max) => [0, Math.max(this.#seconds, max ?? 0)] },
          y: logarithmic
            ? { distr: 3, range: (_, min, max) => powersOfTenAround(min, max ?? top) }
            : { range: (_, __, max) => [0, Math.max(top, (max ?? 0) * 1.05)] },
        },
        axes: [
          { ...axis, size: 26, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
          {
            ...axis,
            size: 48,
            ...(logarithmic && { filter: powersOfTen, grid: { ...axis.grid, filter: powersOfTen } }),
            values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : short.format(tick))),
          },
        ],
        series: [{}, ...columns.map(line)],
        hooks: {
          setCursor: [
            ({ cursor: { idx } }) => {
              for (const [way, element] of values) {
                const at = idx === null || idx === undefined ? undefined : this.#points[idx]?.[way];
                const texts = [value, dashed]
                  .map((field) => at?.[field])
                  .filter((one) => one !== null && one !== undefined);
                element.textContent = texts.map((one) => number.format(one)).join(' / ');
              }
            },
          ],
        },
      },
      [[], ...columns.map(() => [])],
      container,
    );
    return { plot, container, columns };
  }

  #show() {
    for (const { plot, columns } of this.#plots) {
      const data = columns.map(({ way, field }) => this.#points.map((point) => point[way][field]));
      plot.setData([this.#points.map(({ time }) => time), ...data]);
    }
  }

  #resize() {
    for (const { plot, container } of this.#plots) plot.setSize(sizeOf(container));
  }
}

function powersOfTenAround(min, max) {
  return [
    10 ** Math.floor(Math.log10(Math.max(min ?? 1, 1))),
    10 ** Math.ceil(Math.log10(Math.max(max * 1.01, 10))),
  ];
}

function powersOfTen(_, ticks) {
  return ticks.map((tick) => (Number.isInteger(Math.log10(tick)) ? tick : null));
}

function sizeOf(element) {
  return { width: Math.max(element.clientWidth, 100), height: element.clientHeight };
}

/** A canvas wants a color, not the name of one. */
function colorOf(expression) {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = expression;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
