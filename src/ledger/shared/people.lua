-- Remembers recipients; returns 0 for a seed that is not the first one.
-- KEYS[4...]: people, seeded. ARGV[3...]: whether it is a seed, people.

local is_first = 1
if ARGV[3] == '1' then
  is_first = 1 - redis.call('EXISTS', KEYS[5])
  redis.call('SET', KEYS[5], '1', 'PX', REMEMBERED)
end
for first = 4, #ARGV, 1000 do
  redis.call('SADD', KEYS[4], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
redis.call('PEXPIRE', KEYS[4], REMEMBERED)
redis.call('PEXPIRE', KEYS[5], REMEMBERED)
return is_first
