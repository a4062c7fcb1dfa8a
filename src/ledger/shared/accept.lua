-- Gives up the states that servers miss. Without the common functions.
-- KEYS: mark, missed, accepted, index. ARGV: a new mark, for a state without one; the known mark or ''.

local held = redis.call('GET', KEYS[1])
if held and not redis.call('ZSCORE', KEYS[4], held) then
  redis.call('SADD', KEYS[2], held)
  held = false
end
if not held then
  held = ARGV[1]
  redis.call('SET', KEYS[1], held)
  redis.call('ZREMRANGEBYSCORE', KEYS[4], '+inf', '+inf')
  redis.call('ZADD', KEYS[4], '+inf', held)
end
if ARGV[2] ~= '' and ARGV[2] ~= held then
  redis.call('SADD', KEYS[2], ARGV[2])
end
local missed = redis.call('SMEMBERS', KEYS[2])
for _, mark in ipairs(missed) do
  redis.call('SADD', KEYS[3], mark)
end
redis.call('PEXPIRE', KEYS[3], 34560000000)
redis.call('DEL', KEYS[2])
return 1
