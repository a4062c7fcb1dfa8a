-- Lowers what a line holds, and the totals of all that came after it.
-- KEYS: series. ARGV: the line's time and number, and what it is to hold.

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
    -- Added first: a key that is empty for a moment loses its expiry.
    redis.call('ZADD', KEYS[1], from[place + 1], line(number, held, total - less))
    redis.call('ZREM', KEYS[1], from[place])
  end
end
return 0
