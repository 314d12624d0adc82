export const whole = (number) => Math.round(number).toLocaleString('en-US');

export const decimal = (number) =>
  Number.isNaN(number)
    ? '–'
    : number.toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

export const inFlightName = (inFlight) => `${inFlight === Infinity ? 'all' : whole(inFlight)} in flight`;
