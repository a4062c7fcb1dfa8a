-- Remembers recipients; a seed is accepted only once.
-- KEYS[4...]: people, seeded. ARGV[3...]: whether it is a seed, people.

if ARGV[3] == '1' then
  if redis.call('EXISTS', KEYS[5]) == 1 then
    return 0
  end
  redis.call('SET', KEYS[5], '1', 'PX', REMEMBERED)
end
for first = 4, #ARGV, 1000 do
  redis.call('SADD', KEYS[4], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
redis.call('PEXPIRE', KEYS[4], REMEMBERED)
redis.call('PEXPIRE', KEYS[5], REMEMBERED)
return 1
