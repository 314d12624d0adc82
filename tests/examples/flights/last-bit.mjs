// Preloaded by a test: before groupcommit's databases are closed, the last bit of one number in them is flipped.
import { ClassicLevel } from 'classic-level';

const close = ClassicLevel.prototype.close;

ClassicLevel.prototype.close = async function () {
  if (this.location.includes('groupcommit')) {
    const statistics = await this.get('ORD');
    await this.put('ORD', { ...statistics, mean: flipLastBit(statistics.mean) });
  }
  return close.call(this);
};

function flipLastBit(number) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  view.setUint8(7, view.getUint8(7) ^ 1);
  return view.getFloat64(0);
}
