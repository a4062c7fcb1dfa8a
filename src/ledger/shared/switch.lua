-- Sets the kill switch; returns its new value, or nothing if it is off. Redis refuses only the
-- first write of a script where memory is full, and a deletion is never refused.
-- KEYS: the switch, its epoch. ARGV: the new state.

local held = redis.call('GET', KEYS[1])
if ARGV[1] == 'off' then
  if redis.call('DEL', KEYS[1]) == 1 then
    redis.call('INCR', KEYS[2])
  end
  return false
end
-- A second call in a hurry must not loosen the first one.
if held and held ~= 'reads' then
  return held
end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
