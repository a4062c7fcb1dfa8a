-- Changes a claim, if it is still the caller's; returns whether it was.
-- KEYS[4]: the claim. ARGV[3...]: its token, its new value or '' to end it, its life in
-- milliseconds.

if redis.call('GET', KEYS[4]) ~= ARGV[3] then
  return 0
end
if ARGV[4] == '' then
  redis.call('DEL', KEYS[4])
else
  redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[5])
end
return 1
