// What the options of a benchmark may be; for the check of `optionsOf`.

/**
 * @param {string} option
 * @param {string | undefined} value
 * @param {string[]} values
 */
export function oneOf(option, value, values) {
  if (value !== undefined && !values.includes(value))
    throw new RangeError(`--${option} must be one of ${values.join(', ')}, not '${value}'`);
}

/**
 * @param {string} option
 * @param {string} text
 */
export function upTo999(option, text) {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new RangeError(`--${option} must be from 1 to 999, not '${text}'`);
}
