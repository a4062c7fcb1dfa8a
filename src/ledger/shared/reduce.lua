-- Lowers the amount of a hit, and the totals of all hits after it. A hit of zero is removed.
-- KEYS[4]: series. ARGV[3...]: time and number of the hit, its new amount, the name of the series.

local wanted, amount = tonumber(ARGV[4]), tonumber(ARGV[5])
local from = redis.call('ZRANGEBYSCORE', KEYS[4], ARGV[3], '+inf', 'WITHSCORES')
local less
for place = 1, #from, 2 do
  local number, held, total = parts(from[place])
  if not less and number == wanted and tonumber(from[place + 1]) == tonumber(ARGV[3]) then
    less = held - amount
    if less <= 0 then
      return 0
    end
    held = amount
  end
  if less then
    -- Add before removing: Redis deletes an empty key with its expiry.
    if held > 0 then
      redis.call('ZADD', KEYS[4], from[place + 1], line(number, held, total - less))
    end
    redis.call('ZREM', KEYS[4], from[place])
  end
end
if redis.call('EXISTS', KEYS[4]) == 0 then
  -- Nothing is left of it that could vanish.
  redis.call('ZREM', KEYS[3], ARGV[6])
end
return 0
