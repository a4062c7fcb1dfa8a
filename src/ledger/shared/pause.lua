-- Starts a pause or extends it; never shortens it.
-- KEYS: clock, pause. ARGV: time, length, reason.

local now = time(KEYS[1], ARGV[1])
local length = tonumber(ARGV[2])
local held = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+):')
if held and tonumber(held) >= now + length then
  return 0
end
redis.call('SET', KEYS[1], text(now), 'PX', KEPT)
redis.call('SET', KEYS[2], text(now + length) .. ':' .. ARGV[3], 'PX', text(length / 1000 + 60000))
return 1
