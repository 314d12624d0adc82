// The package, broken on purpose in one place. Each has to be found out.
export const mutants = [];
