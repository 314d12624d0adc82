import type { found } from './found.js';

/** The same, with calls for many keys, and conflicts. */
export const foundMany: typeof found = [
  {
    violation:
      'a metric does not come: the only run was cancelled when its batch had got its place in a call for many keys',
    numbers: [
      [158447309, 0, 0, 0, 799161715, 0, 0, 21906565, 0, 0, 0, 0, 0, 565447645, 0, 0],
      [0, 78243304, 361299583, 757223280, 0],
    ],
  },
  {
    violation:
      'a batch is saved without one that asked at the same moment: it had been flushed before, in another turn',
    numbers: [
      [76785134, 615960453, 0, 0, 0, 0, 0, 101522922, 0, 0, 0, 0, 0, 940201737, 0, 0],
      [249724694, 13742402, 733122383, 753544611, 837706484, 0],
    ],
  },
  {
    violation:
      'a batch is saved without one that asked at the same moment: its window had just ended by a timer when both were stopped',
    numbers: [
      [503119369, 818539533, 0, 0, 0, 0, 0, 301011624, 487060510, 0, 0, 0, 0, 4130069, 295907712, 0],
      [0, 752928154, 168787990, 579494634, 718557442, 140384348, 217859452, 838009394, 579260934, 0],
    ],
  },
  {
    violation:
      'the duration of a load is missing: it was decided on before somebody subscribed in the same turn',
    numbers: [
      [0, 0, 0, 0, 0, 672141425, 46238921, 556772871, 61766084, 0, 288619625, 0, 79381108, 864430965, 0, 0],
      [0, 339620060, 0, 236472314, 0, 0, 867404726, 0, 728507628, 433655800, 579255458, 0],
    ],
  },
  {
    violation:
      'a load is called though no run waits: the only run was cancelled by who heard of another batch of the call before',
    numbers: [
      [936644744, 0, 0, 192973071, 0, 0, 0, 0, 0, 0, 460195120, 0, 0, 297131311, 553562975, 0],
      [0, 928581180, 739693594, 938772000],
    ],
  },
  {
    violation:
      'a batch is loaded without one that asked at the same moment: it had asked some microtasks before',
    numbers: [
      [501298209, 0, 0, 0, 0, 0, 0, 981488221, 258334320, 0, 0, 0, 12407204, 545549785, 525419685, 0],
      [880777742, 0, 40658621, 636973299, 109174636, 0],
    ],
  },
  {
    violation:
      'a batch is not saved, though its window has closed: the one that was flushed had perhaps been another, whose run was cancelled',
    numbers: [
      [484890828, 0, 0, 0, 60413479, 0, 0, 513566153, 0, 0, 0, 0, 0, 247234306, 486731926, 0],
      [709539102, 0, 982932778, 1047001472, 378491042, 767227070, 0],
    ],
  },
  {
    violation:
      'the metric of d comes before the batch of d has ended: of three that waited, two were cancelled when the first had got its place',
    numbers: [
      [184512578, 0, 0, 145502167, 0, 0, 0, 0, 437181608, 0, 0, 0, 0, 19328641, 715105757, 0],
      [
        824742804, 216133132, 51786348, 619562926, 273058126, 148614188, 321739884, 167524454, 703133626,
        698474946, 164481964, 0,
      ],
    ],
  },
  {
    violation:
      'b is loaded beyond the concurrency: it had been flushed, and it was in doubt with which run it began',
    numbers: [
      [990463378, 0, 0, 805809972, 274902649, 0, 0, 0, 75041020, 0, 0, 0, 0, 51065761, 511884807, 0],
      [665258094, 874182372, 822806544, 862752496, 338291270, 659070244, 690900543, 306792768, 0],
    ],
  },
  {
    violation:
      'a starts over after its signal has aborted: it had waited for a place to load again since then',
    numbers: [
      [1, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0],
      [294432832, 627039120, 48233496, 566898350, 770455074, 712545490, 567774410],
    ],
  },
  {
    violation:
      'a is loaded out of turn: its save had called stop, with a signal that had aborted, and then had a conflict',
    numbers: [
      [0, 138908715, 0, 0, 0, 0, 0, 154030165, 768641556, 0, 0, 0, 0, 0, 139523603, 0],
      [891870278, 0, 357931916, 955127836, 611445936, 0],
    ],
  },
];
