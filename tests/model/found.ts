/**
 * Scenarios that once went against the contract. They are played again in every test run. Each is what the fuzzer prints: the numbers of
 * its world and of its steps.
 */
export const found: { violation: string; numbers: [world: number[], steps: number[]] }[] = [
  {
    violation:
      'flush resolves before run 2 has settled: the batch had nothing to save, and ended in the turn of the flush',
    numbers: [
      [0, 0, 0, 0, 0, 0, 0, 840195519, 0, 0, 867174082, 0],
      [262398610, 341520900, 407465691, 818207828, 0],
    ],
  },
  {
    violation:
      'flush resolves before run 2 has settled: its load threw while the runs of the batch before were heard',
    numbers: [
      [0, 0, 0, 0, 0, 0, 0, 941900061, 0, 0, 594689991, 0],
      [850919910, 0, 0],
    ],
  },
  {
    violation:
      'a run that is accepted in the callback of a metric fails with the batch that the metric is of',
    numbers: [
      [0, 0, 0, 0, 0, 0, 0, 481231036, 0, 0, 0, 0],
      [104925466, 0],
    ],
  },
  {
    violation: 'a key is loaded after its lock, though its only run has been cancelled meanwhile',
    numbers: [
      [494798798, 0, 0, 0, 0, 487246549, 0, 0, 0, 0, 0, 0],
      [0, 75578634, 935769540, 0],
    ],
  },
  {
    violation: 'the start of a batch is as late as what blocks the event loop in the turn of its first run',
    numbers: [
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [160505625, 973078528, 0],
    ],
  },
  {
    violation:
      'a batch whose runs were all cancelled keeps its place in the line, and the next of its key waits behind it',
    numbers: [
      [143144996, 0, 0, 743096686, 74242037, 0, 0, 0, 0, 0, 0, 0],
      [0, 186675696, 101342296, 927882400, 451275999, 0],
    ],
  },
  {
    violation:
      'flush resolves before run 1 has settled: its batch had failed three turns of microtasks before',
    numbers: [
      [0, 0, 109632856, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [0, 534584035, 866741836, 0],
    ],
  },
  {
    violation:
      'the signal of a batch aborts later by what the event loop was blocked before its load was called',
    numbers: [
      [0, 214317581, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [23961021, 973078528],
    ],
  },
  {
    violation: 'a key that is locked and waits for a place is loaded when its only run has been cancelled',
    numbers: [
      [63865162, 0, 0, 0, 938353609, 921384821, 0, 567162505, 346641752, 0, 0, 0],
      [62438508, 2734920, 920180334, 0],
    ],
  },
  {
    violation:
      'the operation of run 7 runs, but it belongs to a later batch: those before it had failed with the lock before',
    numbers: [
      [33896119, 0, 0, 938582094, 0, 884644037, 0, 968965525, 0, 0, 465696154, 0],
      [0, 35603282, 654705134, 285019446, 811803878, 0, 114901756, 0, 814088388, 668223585, 0],
    ],
  },
  {
    violation:
      'a run that is accepted while a lock is released for which nothing was loaded settles before it ran',
    numbers: [
      [365113181, 0, 0, 0, 0, 269867173, 0, 642404820, 119426608, 0, 0, 0],
      [0, 587959990, 120235372, 238469994, 897526268, 0],
    ],
  },
  {
    violation:
      'the metric of a comes before its batch has ended: what waited was perhaps of the one that had failed',
    numbers: [
      [358766453, 575275995, 0, 0, 0, 0, 0, 361573717, 0, 0, 0, 0],
      [0, 687919826, 491090824, 0, 553087253, 333012474, 0],
    ],
  },
  {
    violation:
      'the next lock is called before the batch has ended: nobody wanted that any more, and the run that came then began another',
    numbers: [
      [257889914, 0, 0, 0, 0, 834156333, 994041252, 54624268, 0, 0, 0, 0],
      [1040480372, 133793162, 176416540, 926666380, 477533618, 967201174, 290548442, 0],
    ],
  },
  {
    violation: 'run 3 settles with the failure of the second of three batches that failed in one turn',
    numbers: [
      [0, 0, 0, 0, 0, 0, 0, 666997052, 0, 0, 0, 0, 0],
      [1040187612, 284410725, 332714825, 1024386919, 128332662, 0],
    ],
  },
  {
    violation: 'a metric does not come to who subscribed after the batch had ended, unseen',
    numbers: [
      [107269871, 0, 0, 0, 22546061, 648708649, 103271652, 0, 0, 0, 145931014, 0, 0],
      [889700918, 191299377, 107776558, 1023410516, 0],
    ],
  },
  {
    violation: 'timers are armed again and again: by eight batches, one after the other',
    numbers: [
      [0, 115457037, 0, 1006487931, 0, 110023595, 0, 0, 0, 0, 36841837, 470827959, 0],
      [0, 0, 0, 0, 50898028, 0, 0, 0],
    ],
  },
  {
    violation: 'a is loaded before c, which asked first: its only run had been cancelled, and it asked anew',
    numbers: [
      [198540977, 0, 0, 0, 909226141, 0, 0, 0, 0, 0, 0, 0, 0],
      [142053398, 386658678, 918941844, 296807312, 961072712, 392759655, 51819328, 534668216],
    ],
  },
  {
    violation:
      'in an open window an operation does not run: the batch had ended when its only run was cancelled, and the next one waits',
    numbers: [
      [104260213, 727326987, 0, 0, 47225149, 0, 0, 0, 0, 0, 771963520, 0, 0],
      [265188900, 637635013, 900672648, 0, 330074044, 0],
    ],
  },
  {
    violation:
      'a is not loaded, though a place is free: its runs were cancelled and another came in the turn in which the place was given back',
    numbers: [
      [740014253, 0, 0, 412885844, 264011801, 0, 0, 0, 0, 0, 0, 0, 0],
      [174794460, 146399218, 182547524, 546488163, 131475425, 965446915, 364322096, 0],
    ],
  },
  {
    violation:
      'a lock is released before its batch has ended: the run that began it was cancelled, and the next one was of another',
    numbers: [
      [0, 0, 0, 0, 0, 361866745, 0, 0, 0, 0, 0, 0, 0],
      [0, 971714282, 326882194, 179250950, 599263021, 4073729, 805396328, 0],
    ],
  },
  {
    violation: 'a is saved while its window is open: it had maxOperations runs, one of them cancelled',
    numbers: [
      [964203142, 20188707, 0, 642063757, 999119321, 0, 0, 842893478, 0, 0, 438727264, 0, 0],
      [0, 805361748, 347098870, 180490900, 826937984, 940700406, 0, 504591940, 416369404, 0],
    ],
  },
  {
    violation:
      'a lock is called though no run waits: what came meanwhile was not of the batch whose beginning was in doubt',
    numbers: [
      [0, 0, 0, 0, 0, 840386515, 0, 0, 0, 0, 666844936, 0, 0],
      [189834805, 46728853, 0, 807335348, 392053358, 518907145, 0],
    ],
  },
];
