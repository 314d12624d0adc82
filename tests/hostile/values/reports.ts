const events = ['unhandledRejection', 'uncaughtException'] as const;

/** What the platform has to report, by the value itself. */
export interface Report {
  event: (typeof events)[number];
  value: unknown;
}

/** Collects what the platform reports while `body` is under way: other than by the listeners of the test runner, no test fails by it. */
export async function collectReports(body: () => Promise<void>): Promise<Report[]> {
  const reports: Report[] = [];
  const before = events.map((event) => process.rawListeners(event));
  for (const event of events) {
    process.removeAllListeners(event);
    process.on(event, (value: unknown) => void reports.push({ event, value }));
  }
  try {
    await body();
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
  } finally {
    events.forEach((event, index) => {
      process.removeAllListeners(event);
      for (const listener of before[index] ?? []) process.on(event, listener as () => void);
    });
  }
  return reports;
}
