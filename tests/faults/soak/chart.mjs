import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import { QUANTITIES } from './samples.mjs';

/** The samples over time, a line each, as SVG. */
export function chart(samples, subtitle) {
  const { spec } = compile({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 12,
    title: { text: 'All traffic and faults at once', subtitle, anchor: 'start', offset: 14 },
    data: { values: samples },
    vconcat: Object.entries(QUANTITIES).map(([name, { title }]) => ({
      width: 560,
      height: 90,
      mark: 'line',
      encoding: {
        x: { field: 'minutes', type: 'quantitative', title: 'minutes' },
        y: { field: name, type: 'quantitative', title: null, scale: { zero: true } },
      },
      title: { text: title, anchor: 'start', fontSize: 12 },
    })),
    config: { font: 'sans-serif' },
  });
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}
