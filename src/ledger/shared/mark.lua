-- Reads the mark of the state; a state without one gets it. Without the common functions.
-- KEYS: mark, missed, accepted, index. ARGV: the known mark or '', a new mark.
-- Returns the mark to know from now on, or nothing if the known state is missed.

local held = redis.call('GET', KEYS[1])
if held and not redis.call('ZSCORE', KEYS[4], held) then
  -- What was counted has vanished beside it: this is no longer the state that it marks.
  redis.call('DEL', KEYS[1])
  held = false
end
if ARGV[1] == '' then
  if not held then
    held = ARGV[2]
    redis.call('SET', KEYS[1], held)
    redis.call('ZREMRANGEBYSCORE', KEYS[4], '+inf', '+inf')
    redis.call('ZADD', KEYS[4], '+inf', held)
  end
  return held
end
if held == ARGV[1] then
  return held
end
if held and redis.call('SISMEMBER', KEYS[3], ARGV[1]) == 1 then
  return held
end
-- For `accept.lua`. It may fail where nothing can be written, which changes nothing.
redis.pcall('SADD', KEYS[2], ARGV[1])
redis.pcall('PEXPIRE', KEYS[2], 86400000)
return false
