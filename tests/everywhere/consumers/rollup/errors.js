import { BatchError } from 'groupcommit';

console.log(BatchError);
