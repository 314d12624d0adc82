// The browsers that the tests drive: any that are on the PATH, else Debian's.

import { aptInstall, isDebian } from './debian/apt.mjs';
import { SetupError } from './failure.mjs';
import { which } from './run.mjs';

export const chromium = browser(
  'Chromium',
  ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  'chromium',
);
export const firefox = browser('Firefox', ['firefox', 'firefox-esr'], 'firefox-esr');

/** @returns {import('../setup.mjs').Need} */
function browser(name, commands, debianPackage) {
  const missing = `${name} is not on the PATH (${commands.join(', ')})`;
  return {
    name,

    async find() {
      const path = which(...commands);
      return path && { note: path };
    },

    async bring() {
      if (!isDebian) throw new SetupError(missing, { command: `sudo apt-get install ${debianPackage}` });
      await aptInstall([debianPackage], missing);
      return this.find(); // in the folder of apt-get, which is on the PATH
    },
  };
}
