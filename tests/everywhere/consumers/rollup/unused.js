import { BatchError, startProcessor } from 'groupcommit';
import { initialize } from 'groupcommit/slim';

console.log('nothing of it');
