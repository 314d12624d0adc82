/** @param {string} version @param {string} least */
export function atLeast(version, least) {
  return version.localeCompare(least, 'en', { numeric: true }) >= 0;
}

/**
 * The version of a package in the text of a Cargo.lock.
 * @param {string} lock
 * @param {string} name
 */
export function lockedVersion(lock, name) {
  const [, version] = new RegExp(`^name = "${name}"\\r?\\nversion = "(.+)"`, 'm').exec(lock) ?? [];
  if (!version) throw new Error(`Cargo.lock names no package ${name}`);
  return version;
}
