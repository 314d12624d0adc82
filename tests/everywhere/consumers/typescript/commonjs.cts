import groupcommit = require('groupcommit');
import slim = require('groupcommit/slim');

export const processor: groupcommit.Processor<undefined> = groupcommit.startProcessor();
export const initializes: (engine: WebAssembly.Module) => void = slim.initialize;
