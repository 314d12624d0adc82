// Preloaded by a test: nothing can be written.
import { ClassicLevel } from 'classic-level';

ClassicLevel.prototype.put = async () => {
  throw new Error('no space left on device');
};
