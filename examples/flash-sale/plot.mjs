import { cpus } from 'node:os';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';

/** Requests a second, and the 99th percentile of their times, of each way. @returns {Promise<string>} SVG */
export async function plot(results) {
  const values = results.map(({ name, processes, throughput, p99 }) => ({
    way: name,
    processes: processes === 1 ? '1 process' : `${processes} processes`,
    throughput,
    p99,
  }));
  const bars = (field, title) => ({
    width: 240,
    mark: { type: 'bar', color: '#0072b2' },
    encoding: {
      y: { field: 'way', type: 'nominal', sort: null, title: null, axis: { labelLimit: 200 } },
      x: { field, type: 'quantitative', title, axis: { format: '~s', tickCount: 4 } },
      row: { field: 'processes', type: 'nominal', sort: null, title: null },
    },
  });
  const { spec } = compile({
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    background: 'white',
    padding: 12,
    title: {
      text: 'A flash sale',
      subtitle: `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0].model}`,
      anchor: 'start',
    },
    data: { values },
    hconcat: [bars('throughput', 'requests a second'), bars('p99', 'p99, ms')],
    config: { font: 'sans-serif', axis: { labelFontSize: 11, titleFontSize: 12, gridOpacity: 0.5 } },
  });
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}
