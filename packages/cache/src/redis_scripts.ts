/**
 * The budget's books lie beside the values, so that all processes keep to one budget: `sizes` (a hash: the bytes of each key), `expiry`
 * and `written` (sorted sets of the keys: when they end, in ms, and when they came, in us) and `total`. They live as long as the
 * longest-living value. KEYS: expiry, written, sizes, total, then the values' keys.
 */
const BOOKS = `
local expiry, written, sizes, total = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local function drop(key)
  redis.call('UNLINK', key)
  redis.call('DECRBY', total, redis.call('HGET', sizes, key) or 0)
  redis.call('HDEL', sizes, key)
  redis.call('ZREM', expiry, key)
  redis.call('ZREM', written, key)
end
`;

/** Takes values away. It begins with a command that needs no memory, so it runs on a server that has none left. */
export const DROP = `${BOOKS}
for i = 5, #KEYS do drop(KEYS[i]) end
return 'OK'
`;

/**
 * Puts all values or none. Room comes from what has expired, then from what was written longest ago; the caller has seen that the values
 * fit the budget. A server without memory refuses a script's first write only, as it lets a script end that has written: so the first
 * value goes before everything else, and if it is refused all of the keys are dropped and the answer is the server's reason instead of OK.
 * ARGV: budget in bytes, time to live in ms, then bytes and value of each key.
 */
export const PUT = `${BOOKS}
local budget, ttl = tonumber(ARGV[1]), tonumber(ARGV[2])
local first = redis.pcall('SET', KEYS[5], ARGV[4], 'PX', ttl)
if first.err then
  for i = 5, #KEYS do drop(KEYS[i]) end
  return first.err
end
local needed = 0
for i = 5, #KEYS do
  needed = needed + ARGV[2 * i - 7]
  drop(KEYS[i])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function full() return tonumber(redis.call('GET', total) or 0) + needed > budget end
while full() do
  local ended = redis.call('ZRANGE', expiry, '-inf', now, 'BYSCORE', 'LIMIT', 0, 1)[1]
  local oldest = ended or redis.call('ZRANGE', written, 0, 0)[1]
  if not oldest then redis.call('SET', total, 0) break end
  drop(oldest)
end
for i = 5, #KEYS do
  redis.call('SET', KEYS[i], ARGV[2 * i - 6], 'PX', ttl)
  redis.call('HSET', sizes, KEYS[i], ARGV[2 * i - 7])
  redis.call('ZADD', expiry, now + ttl, KEYS[i])
  redis.call('ZADD', written, time[1] * 1000000 + time[2], KEYS[i])
end
redis.call('INCRBY', total, needed)
for i = 1, 4 do
  if redis.call('PTTL', KEYS[i]) < ttl then redis.call('PEXPIRE', KEYS[i], ttl) end
end
return 'OK'
`;
