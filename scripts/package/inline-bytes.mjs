/**
 * A JavaScript module whose default export makes these bytes.
 *
 * Base64 costs a third even after gzip, which finds no patterns in it any more. Here a byte below 90, as most in WebAssembly are, is
 * one character and any other two: compressed, the text is hardly larger than the bytes, and 2.3 KB smaller than base64.
 * @param {Uint8Array} bytes
 */
export function moduleOf(bytes) {
  const text = Array.from(bytes, (byte) => {
    if (byte < 90) return characters[byte + 2];
    return byte < 182 ? characters[0] + characters[byte - 90] : characters[1] + characters[byte - 182];
  });
  return `
    export default () => {
      const text = '${text.join('')}';
      const bytes = [];
      let at = 0;
      const next = () => {
        const code = text.charCodeAt(at++);
        return code - 33 - (code > 39) - (code > 92);
      };
      while (at < text.length) {
        const n = next();
        bytes.push(n > 1 ? n - 2 : 90 + 92 * n + next());
      }
      return Uint8Array.from(bytes);
    };`;
}

/** The visible ones of ASCII but for the two that a string in single quotes must escape. */
const characters = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
  (c) => c !== "'" && c !== '\\',
);
