-- Reads the mark of the state; a state without one gets it. Without the common functions.
-- KEYS: mark, missed, accepted. ARGV: the known mark or '', a new mark.
-- Returns the mark to know from now on, or nothing if the known state is missed.

local held = redis.call('GET', KEYS[1])
if ARGV[1] == '' then
  if not held then
    redis.call('SET', KEYS[1], ARGV[2])
    held = ARGV[2]
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
