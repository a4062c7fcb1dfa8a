-- Remembers recipients; a seed is accepted only once.
-- KEYS: people, seeded. ARGV: whether it is a seed, people.

if ARGV[1] == '1' then
  if redis.call('EXISTS', KEYS[2]) == 1 then
    return 0
  end
  redis.call('SET', KEYS[2], '1', 'PX', REMEMBERED)
end
for first = 2, #ARGV, 1000 do
  redis.call('SADD', KEYS[1], unpack(ARGV, first, math.min(first + 999, #ARGV)))
end
redis.call('PEXPIRE', KEYS[1], REMEMBERED)
redis.call('PEXPIRE', KEYS[2], REMEMBERED)
return 1
