-- Counts a request in all of its windows, or changes nothing.
-- KEYS: clock, people, seeded, index, and one for each series.
-- ARGV: time, whether to count, people, counts, the names of the series.

local place = 2
local function word()
  place = place + 1
  return ARGV[place]
end
local function number()
  return tonumber(word())
end

local now = time(KEYS[1], ARGV[1])

local new, seen, people = {}, {}, number()
for _ = 1, people do
  local person = word()
  if not seen[person] then
    seen[person] = true
    if redis.call('SISMEMBER', KEYS[2], person) == 0 then
      new[#new + 1] = person
    end
  end
end

-- A series takes the greatest amount among its counts.
local counts, amounts = {}, {}
for index = 1, number() do
  local group, amount, max, window, each = number(), number(), number(), number(), number()
  if each == 1 then
    amount = math.min(amount * #new, 4294967295)
  end
  counts[index] = { group = group, max = max, window = window }
  amounts[group] = math.max(amounts[group] or 0, amount)
end

local series = {}
for group, amount in ipairs(amounts) do
  local one = { key = KEYS[4 + group], name = word(), amount = amount, number = 0, total = 0 }
  local newest = redis.call('ZREVRANGE', one.key, 0, 0)[1]
  if newest then
    local number, _, total = parts(newest)
    one.number, one.total = number, total
  end
  series[group] = one
end

-- The total before the first hit within the window.
local function before(one, window)
  local from = '(' .. text(now - window)
  local first = redis.call('ZRANGEBYSCORE', one.key, from, '+inf', 'LIMIT', 0, 1)[1]
  if not first then
    return one.total
  end
  local _, amount, total = parts(first)
  return total - amount
end

-- Microseconds until the total before the window reaches `wanted`.
local function comes(one, window, wanted)
  local low = redis.call('ZCOUNT', one.key, '-inf', text(now - window))
  local high = redis.call('ZCARD', one.key) - 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    local _, _, total = parts(redis.call('ZRANGE', one.key, middle, middle)[1])
    if total >= wanted then
      high = middle
    else
      low = middle + 1
    end
  end
  local found = redis.call('ZRANGE', one.key, low, low, 'WITHSCORES')
  return tonumber(found[2]) - (now - window)
end

-- The limit that refuses the request for the longest time.
local worst
for index, count in ipairs(counts) do
  local one = series[count.group]
  if one.amount > 0 then
    local gone = before(one, count.window)
    local used = one.total - gone
    local over = used + one.amount - count.max
    if over > 0 then
      local wait = math.huge
      if one.amount <= count.max then
        wait = comes(one, count.window, gone + over)
      end
      if not worst or wait > worst.wait then
        worst = { index = index - 1, left = math.max(count.max - used, 0), wait = wait }
      end
    end
  end
end
if worst then
  local wait = worst.wait
  if wait == math.huge then
    wait = -1
  end
  return { 0, worst.index, worst.left, wait, {}, {} }
end
if ARGV[2] ~= '1' then
  return { 1, 0, 0, 0, {}, {} }
end

redis.call('SET', KEYS[1], text(now), 'PX', KEPT)
local lines = {}
for group, one in ipairs(series) do
  lines[group] = ''
  if one.amount > 0 then
    redis.call('ZREMRANGEBYSCORE', one.key, '-inf', text(now - DAY))
    local written = line(one.number + 1, one.amount, one.total + one.amount)
    redis.call('ZADD', one.key, text(now), written)
    redis.call('PEXPIRE', one.key, KEPT)
    redis.call('ZADD', KEYS[4], text(now), one.name)
    lines[group] = text(now) .. ':' .. text(one.number + 1)
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', text(now - DAY))
redis.call('PEXPIRE', KEYS[4], KEPT)
for _, person in ipairs(new) do
  redis.call('SADD', KEYS[2], person)
end
if people > 0 then
  redis.call('PEXPIRE', KEYS[2], REMEMBERED)
  redis.call('PEXPIRE', KEYS[3], REMEMBERED)
end
return { 1, 0, 0, 0, new, lines }
