import { initialize } from 'groupcommit/slim';
import { check } from './check.js';

export const initializes: (engine: WebAssembly.Module) => void = initialize;
check().then(console.log);
