-- Lowers the amount of a hit, and the totals of all hits after it.
-- KEYS: series. ARGV: time and number of the hit, and its new amount.

local wanted, amount = tonumber(ARGV[2]), tonumber(ARGV[3])
local from = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf', 'WITHSCORES')
local less
for place = 1, #from, 2 do
  local number, held, total = parts(from[place])
  if not less and number == wanted and tonumber(from[place + 1]) == tonumber(ARGV[1]) then
    less = held - amount
    if less <= 0 then
      return 0
    end
    held = amount
  end
  if less then
    -- Add before removing: Redis deletes an empty key with its expiry.
    redis.call('ZADD', KEYS[1], from[place + 1], line(number, held, total - less))
    redis.call('ZREM', KEYS[1], from[place])
  end
end
return 0
