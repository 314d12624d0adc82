/**
 * Saves a record if it has the version that was loaded, '' if there was none: a hash with the value and a version that nobody else has
 * ever given. So a save that arrives twice, as the first answer was lost, finds its own.
 *
 * KEYS: the record. ARGV: the version that was loaded, the new one, the value (if there is none, the record is deleted), and the
 * milliseconds that it has to live ('' for ever).
 */
export const SCRIPT = `local version = redis.call('HGET', KEYS[1], 'version') or ''
if version == ARGV[2] then return 1 end
if version ~= ARGV[1] then return 0 end
if not ARGV[3] then return redis.call('DEL', KEYS[1]) and 1 end
redis.call('HSET', KEYS[1], 'value', ARGV[3], 'version', ARGV[2])
if ARGV[4] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1`;

/** By it the server knows the script that it has run before. */
export const SHA1 = 'b91df65d05c77b857df83413a48502c22ad19ef7';
