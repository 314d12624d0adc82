import { parseArgs } from 'node:util';

/**
 * What the command line says. If that is not among the options, or is --help, ends the process with the usage.
 * @template {import('node:util').ParseArgsConfig['options']} Options
 * @param {Options} options
 * @param {string} usage
 * @param {(values: any) => void} [check] throws what is wrong with a value
 */
export function optionsOf(options, usage, check = (_values) => {}) {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
    if (values.help) {
      console.log(usage);
      process.exit();
    }
    check(values);
    return values;
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}
