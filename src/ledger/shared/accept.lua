-- Gives up the states that servers miss. Without the common functions.
-- KEYS: mark, missed, accepted. ARGV: a new mark, for a state without one; the known mark or ''.

redis.call('SET', KEYS[1], ARGV[1], 'NX')
local held = redis.call('GET', KEYS[1])
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
