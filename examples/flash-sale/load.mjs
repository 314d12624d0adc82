import autocannon from 'autocannon';

/**
 * Sends each process its requests, over its share of the connections, and returns how long each took, and what those who were told yes
 * have been told.
 */
export async function sendLoad(ports, queues, connections) {
  const answers = { times: [], bought: [], deposited: [], soldOut: 0, failed: 0 };
  const share = Math.floor(connections / ports.length);
  const start = performance.now();
  await Promise.all(ports.map((port, place) => sendTo(port, queues[place], share, answers)));
  return { ...answers, seconds: (performance.now() - start) / 1_000 };
}

async function sendTo(port, queue, connections, answers) {
  let next = 0;
  const load = autocannon({
    url: `http://127.0.0.1:${port}`,
    connections: Math.min(connections, queue.length),
    amount: queue.length,
    timeout: 60,
    requests: [
      {
        method: 'POST',
        setupRequest: (request) => ({ ...request, ...queue[next++] }),
        onResponse(status, body) {
          if (status === 410) answers.soldOut += 1;
          else if (status !== 200) answers.failed += 1;
          else {
            const { bought, buyer, account, deposited } = JSON.parse(body);
            if (bought) answers.bought.push({ item: bought, buyer });
            else answers.deposited.push({ account, amount: deposited });
          }
        },
      },
    ],
  });
  load.on('response', (_client, _status, _bytes, time) => answers.times.push(time));
  const { errors, timeouts } = await load;
  answers.failed += errors + timeouts;
}

/** Of sorted numbers, the one that so many are not above. */
export function percentile(sorted, share) {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}
